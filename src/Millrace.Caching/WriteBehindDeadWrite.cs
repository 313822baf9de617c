namespace Millrace.Caching;

/// <summary>A write that the source refused for the last time. A newer write of its key that the source takes removes it.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; the default where it cannot be read any more, and then <paramref name="Reason"/> says so too.</param>
/// <param name="Sequence">The write's number.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Since">Since when a write of the key had waited.</param>
/// <param name="DiedAt">When it was given up.</param>
/// <param name="Reason">The type and message of the last exception, at most 1,024 characters.</param>
public sealed record WriteBehindDeadWrite<T>(string Key, T? Value, long Sequence, int Attempts, DateTimeOffset Since, DateTimeOffset DiedAt, string Reason);
