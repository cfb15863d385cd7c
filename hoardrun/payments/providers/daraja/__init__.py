"""M-Pesa by Safaricom's Daraja: STK push, B2C, C2B, reversal and transaction status."""
