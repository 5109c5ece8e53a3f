/** A key that may sign what this host does, and for what. */
export interface TrustedKey {
  kid: string;
  /** What is absent is not limited. */
  limits: {
    /** The host has to be in one of them. */
    groups?: readonly string[] | undefined;
    rulesets?: readonly string[] | undefined;
    actions?: readonly string[] | undefined;
    /** RFC 3339. */
    notBefore?: string | undefined;
    notAfter?: string | undefined;
  };
  /** The payload, if this key has signed it. @throws {Error} if it has not */
  verify(signature: FlattenedSignature): Promise<Uint8Array>;
}

export interface KeyRing {
  /** `null`: this host trusts no keys, and takes what is not signed. */
  keys(): Promise<readonly TrustedKey[] | null>;
}

/** One signature with what it is of, as a flattened JWS has them (RFC 7515, 7.2.2). */
export interface FlattenedSignature {
  payload: string;
  protected: string;
  signature: string;
}
