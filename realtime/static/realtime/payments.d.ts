import type { PaymentStage } from "./client.js";

export type PaymentKind = "collect" | "payout";

export interface PaymentOrder {
  account_id: string;
  /** The gateway that carries it, such as `mtn`. */
  provider: string;
  kind: PaymentKind;
  /** With no more decimals than the provider takes. */
  amount: string;
  /** With + in front; without, `country` says whose it is. */
  msisdn: string;
  country?: string;
  currency?: string;
  /** Where the method says `needs_network`. */
  network?: string;
  description?: string;
  reference?: string;
  /** Of a payout: who the user thinks gets it. */
  name?: string;
  /** The user has seen `shown_name`, and means whoever has it. */
  name_confirmed?: boolean;
  /** As the problem `name_not_confirmed` has it. */
  shown_name?: string;
}

export interface Payment {
  id: string;
  transaction_id: string;
  /** Of money that came after the payment had ended without; else null. */
  late_transaction_id: string | null;
  kind: PaymentKind | "refund";
  provider: string;
  wallet: string;
  amount: string;
  fee: string;
  currency: string;
  reference: string;
  state: string;
  created_at: string;
  stage: PaymentStage;
}

export interface PaymentStep {
  at: string;
  from_state: string;
  to_state: string;
  /** The stage that was shown from then on. */
  stage: string;
  source: string;
  reason: string;
  /** The reason in English. */
  text: string;
}

export interface PaymentMethods {
  /** The language of the words. */
  language: string;
  providers: {
    provider: string;
    wallet: string;
    /** The currencies that are set up, by kind. */
    kinds: Partial<Record<PaymentKind, string[]>>;
    /** That an amount may have, by currency. */
    decimals: Record<string, number>;
    /** For which a phone asks for the PIN. */
    prompt_seconds: number;
    needs_network: boolean;
  }[];
  /** `{number}` and `{provider}` stand for those. */
  stages: Record<string, string>;
  /** `reviewed` has the words of any reason that is not there. */
  reasons: Record<string, string>;
}

/** What asks the HTTP API as the user, such as a `Client`. */
export interface Asks {
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<unknown>;
}

/** Payments by mobile money; `docs/client.md` shows its use. */
export class Payments {
  constructor(client: Asks);
  methods(options?: { language?: string }): Promise<PaymentMethods>;
  /** Repeated with the same key it is done once. */
  create(order: PaymentOrder, options?: { key?: string }): Promise<Payment>;
  get(id: string): Promise<Payment>;
  /** The history, oldest first. */
  steps(id: string): Promise<PaymentStep[]>;
  /** Where the stage's `may_cancel` is true; rejects with status 409 once the provider was asked. */
  cancel(id: string): Promise<Payment>;
  /** The same payment again, once, where its `retry_safe` is true. */
  retry(id: string): Promise<Payment>;
}
