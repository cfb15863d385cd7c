"""MTN MoMo, M-Pesa (Daraja), Airtel Money and pawaPay, with the phones of their customers."""
