namespace Township.Modules.Accounts;

/// <summary>Patterns of what residents type about themselves: it goes into mail headers, and PostgreSQL stores no NUL.</summary>
internal static class TextRules
{
    /// <summary>No control characters.</summary>
    public const string OneLine = @"[^\p{Cc}\u2028\u2029]*";

    /// <summary>No control characters but line breaks and tabs.</summary>
    public const string Lines = @"(?:[^\p{Cc}]|[\r\n\t])*";

    /// <summary>Nothing that would need quotes in a mail header; what else an address is made of, its owner's answer proves.</summary>
    public const string Email = @"\s*[^\p{Cc}\s<>()\[\],;:\\""]+\s*";
}
