/** A key that the host trusts, and what it may sign. */
export interface TrustedKey {
  kid: string;
  /** A limit that is absent means: no limit. */
  limits: {
    /** The host must be in one of these groups. */
    groups?: readonly string[] | undefined;
    /** Where one of these two is limited, so is the other: to none, unless it says which. */
    rulesets?: readonly string[] | undefined;
    lists?: readonly string[] | undefined;
    actions?: readonly string[] | undefined;
    /** RFC 3339. */
    notBefore?: string | undefined;
    notAfter?: string | undefined;
  };
  /** Returns the payload if this key has signed it. @throws {Error} if it has not */
  verify(signature: FlattenedSignature): Promise<Uint8Array>;
}

export interface KeyRing {
  /** Returns `null` if this host trusts no keys and accepts unsigned messages. */
  keys(): Promise<readonly TrustedKey[] | null>;
}

/** One signature and what it signs, in the form of a flattened JWS (RFC 7515, 7.2.2). */
export interface FlattenedSignature {
  payload: string;
  protected: string;
  signature: string;
}
