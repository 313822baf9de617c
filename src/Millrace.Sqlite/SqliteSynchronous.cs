namespace Millrace.Sqlite;

/// <summary>When SQLite waits for the disk: <c>PRAGMA synchronous</c> in WAL mode.</summary>
/// <remarks>Source: <see href="https://www.sqlite.org/pragma.html#pragma_synchronous"/>.</remarks>
public enum SqliteSynchronous
{
    /// <summary>The log is flushed at every commit: what was acknowledged survives a power loss. The default.</summary>
    Full,

    /// <summary>The log is flushed at checkpoints only: what was acknowledged survives the end of the process, kill -9 included;
    /// a power loss may take the last commits, never the consistency of the file.</summary>
    Normal,
}
