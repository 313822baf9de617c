namespace Millrace.Redis.Configuration;

/// <summary>A key and its value in a connection string.</summary>
/// <param name="Position">Where among the entries it stands, from 1.</param>
/// <param name="Key">The key as it was written.</param>
/// <param name="Value">The value, decoded. May be a secret.</param>
internal readonly record struct ConnectionEntry(int Position, string Key, string Value);
