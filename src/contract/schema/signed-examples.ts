/** Messages as they are signed. The key is `ops` of the contract's example of a file of trusted keys (RFC 8037, A.1). */

const HEADER = 'eyJhbGciOiJFZERTQSIsImtpZCI6Im9wcyJ9';

/** The example of an apply, with `expiresAt` an hour later. */
export const SIGNED_JOB_EXAMPLE = inBothForms(
  'eyJhcGlWZXJzaW9uIjoiZmxlZXR3YWxsL3YxIiwiaXNzdWVkQXQiOiIyMDI2LTExLTIyVDEwOjAwOjAwWiIsInRhcmdldCI6eyJob3N0cyI6WyJ3ZWItMSJdfSwiaWQiOiIxYjBmNmE1My01YzdlLTRmNWItOGE1MS0zZDlhMmMwZTdmMDEiLCJhY3Rpb24iOiJhcHBseSIsInJvbGxvdXRJZCI6IjIwMjYtMTEtMjItZWRnZSIsInJ1bGVzZXQiOnsibmFtZSI6ImVkZ2UiLCJyZXZpc2lvbiI6MSwiaWZSZXZpc2lvbiI6MCwic2NvcGUiOiJjaGFpbnMiLCJpcHY0IjoiKmZpbHRlclxuOmVkZ2UtaW4gLSBbMDowXVxuLUEgSU5QVVQgLWogZWRnZS1pblxuLUEgZWRnZS1pbiAtcCB0Y3AgLW0gdGNwIC0tZHBvcnQgMjIgLWogQUNDRVBUXG5DT01NSVRcbiIsImlwdjYiOiIqZmlsdGVyXG46ZWRnZS1pbiAtIFswOjBdXG4tQSBJTlBVVCAtaiBlZGdlLWluXG4tQSBlZGdlLWluIC1wIHRjcCAtbSB0Y3AgLS1kcG9ydCAyMiAtaiBBQ0NFUFRcbkNPTU1JVFxuIn0sImNvbmZpcm0iOnsibW9kZSI6InByb2JlIiwidGltZW91dFNlY29uZHMiOjMwfSwiZXhwaXJlc0F0IjoiMjAyNi0xMS0yMlQxMTowMDowMFoifQ',
  'YR1t_Qrmp4BamjS_o5AIE0hFzQruZObrocsg3mZfPMSEulLlGwJiHjbDtUts4INvF5bfOMxOB4RM7ff-k35CBg',
);

/** The example of a ping. */
export const SIGNED_CONTROL_EXAMPLE = inBothForms(
  'eyJhcGlWZXJzaW9uIjoiZmxlZXR3YWxsL3YxIiwiaXNzdWVkQXQiOiIyMDI2LTExLTIyVDEwOjAwOjAwWiIsInRhcmdldCI6eyJob3N0cyI6WyJ3ZWItMSJdfSwiaWQiOiIxYjBmNmE1My01YzdlLTRmNWItOGE1MS0zZDlhMmMwZTdmMTIiLCJraW5kIjoicGluZyJ9',
  'WqaZI674xP-wmGn1bMDes3R0iVyaXH8BPexhJo7j76oX9eOEyCWglSZFxG7oPv1DeYtZXEdnCVlWD-7QaycnDQ',
);

function inBothForms(payload: string, signature: string) {
  return {
    compact: [HEADER, payload, signature].join('.'),
    general: { payload, signatures: [{ protected: HEADER, signature }] },
  };
}
