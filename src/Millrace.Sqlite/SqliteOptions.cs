using System.ComponentModel.DataAnnotations;

namespace Millrace.Sqlite;

/// <summary>How a database file is opened.</summary>
public sealed class SqliteOptions
{
    /// <summary>What a commit waits for. Default <see cref="SqliteSynchronous.Full"/>.</summary>
    [EnumDataType(typeof(SqliteSynchronous))]
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Full;

    /// <summary>How long a statement waits for another connection's lock before it fails as busy. Default 10 s, from 0 to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ErrorMessage = "SqliteOptions.BusyTimeout must be from 0 to 10 minutes.")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
