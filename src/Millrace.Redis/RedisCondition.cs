namespace Millrace.Redis;

/// <summary>On what a write depends. What is there or compared is the key, the field's or key's expiry, or the member's score: see each method.</summary>
public enum RedisCondition
{
    /// <summary>On nothing.</summary>
    Always,

    /// <summary>Only when there is none yet (<c>NX</c>).</summary>
    IfAbsent,

    /// <summary>Only when there is one already (<c>XX</c>).</summary>
    IfPresent,

    /// <summary>Only when the new one is greater (<c>GT</c>).</summary>
    IfGreater,

    /// <summary>Only when the new one is less (<c>LT</c>).</summary>
    IfLess,
}
