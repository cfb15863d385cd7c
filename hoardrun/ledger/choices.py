"""The words of the ledger, as they are stored and as they go on the wire."""

from __future__ import annotations

from django.db import models


class AccountType(models.TextChoices):
    CHECKING = "checking"
    SAVINGS = "savings"
    INVESTMENT = "investment"
    CREDIT = "credit"
    BUSINESS = "business"


class AccountStatus(models.TextChoices):
    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    PENDING = "pending"


class TransactionType(models.TextChoices):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    INTEREST = "interest"
    DIVIDEND = "dividend"
    PURCHASE = "purchase"
    SALE = "sale"
    ATM_WITHDRAWAL = "atm_withdrawal", "ATM withdrawal"
    CARD_PAYMENT = "card_payment"
    MOBILE_PAYMENT = "mobile_payment"
    BILL_PAYMENT = "bill_payment"
    SALARY = "salary"
    LOAN_PAYMENT = "loan_payment"
    INVESTMENT = "investment"
    OTHER = "other"


class TransactionStatus(models.TextChoices):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    EXPIRED = "expired"


class Direction(models.TextChoices):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class PaymentMethod(models.TextChoices):
    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    MOBILE_MONEY = "mobile_money"
    CASH = "cash"
    CHECK = "check"
    WIRE = "wire"
    ACH = "ach", "ACH"
    CRYPTO = "crypto"
    OTHER = "other"


class Provider(models.TextChoices):
    MTN_MOMO = "mtn_momo", "MTN MoMo"
    AIRTEL_MONEY = "airtel_money"
    VODAFONE_CASH = "vodafone_cash"
    TIGO_CASH = "tigo_cash"
    ORANGE_MONEY = "orange_money"
    MPESA = "mpesa", "M-Pesa"
    ECOCASH = "ecocash", "EcoCash"


class ActorKind(models.TextChoices):
    """The kind of party that moved a transaction."""

    USER = "user"
    STAFF = "staff"
    SERVICE = "service"
    PROVIDER = "provider"
    SYSTEM = "system"


# Those who can be asked again; the others report what has happened.
PEOPLE = (ActorKind.USER, ActorKind.STAFF)

# Types that leave no choice of direction; the others (a fee, a refund) may go either way.
DIRECTION_OF: dict[str, Direction] = {
    TransactionType.DEPOSIT: Direction.INBOUND,
    TransactionType.TRANSFER_IN: Direction.INBOUND,
    TransactionType.SALARY: Direction.INBOUND,
    TransactionType.DIVIDEND: Direction.INBOUND,
    TransactionType.WITHDRAWAL: Direction.OUTBOUND,
    TransactionType.TRANSFER_OUT: Direction.OUTBOUND,
    TransactionType.ATM_WITHDRAWAL: Direction.OUTBOUND,
}
