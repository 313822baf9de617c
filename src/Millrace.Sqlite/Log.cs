using Microsoft.Extensions.Logging;

namespace Millrace.Sqlite;

/// <summary>What this package logs; event ids from 5000.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "SQLite {Version} from {Library} opened {Path} (journal {Journal}, synchronous {Synchronous})")]
    public static partial void Opened(ILogger logger, string version, string library, string path, string journal, SqliteSynchronous synchronous);
}
