namespace Millrace.Redis.Commands;

/// <summary>One reply of a SCAN: where the next one goes on, and what it found.</summary>
internal readonly record struct ScanPage<T>(byte[] Cursor, T[] Items)
{
    /// <summary>Whether there is no next one.</summary>
    public bool IsLast => Cursor is [(byte)'0'];
}
