"""The rules that decide what is sent to whom, and when. Pure: no Django, no I/O, no clock."""
