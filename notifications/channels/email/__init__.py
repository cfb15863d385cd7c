"""E-mail: messages of text and HTML, by SMTP or by a provider of django-anymail."""
