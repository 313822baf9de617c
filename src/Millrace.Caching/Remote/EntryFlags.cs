namespace Millrace.Caching.Remote;

/// <summary>What a value in the second level is; the third byte of it. Unknown bits make it unreadable, which is a miss.</summary>
[Flags]
internal enum EntryFlags : byte
{
    None = 0,

    /// <summary>No value: somebody is reading the source, and holds the right to store what it brings.</summary>
    Lease = 1,

    /// <summary>The value is null.</summary>
    Null = 2,

    /// <summary>The payload is compressed.</summary>
    Compressed = 4,
}
