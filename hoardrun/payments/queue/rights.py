"""The rights of staff on payments, each no more than one step needs."""

from __future__ import annotations

MAY_SEE = "payments.view_providerpayment"  # the list, and a payment found by its number
MAY_TRACE = "payments.view_paymentstep"  # why it is where it is; bodies are masked
MAY_READ = "payments.view_paymentreceipt"  # those bodies whole
MAY_CLOSE = "payments.add_receiptclosing"  # callbacks about no payment
MAY_ASK = "payments.add_staffdecision"
MAY_DECIDE = "payments.change_staffdecision"
