using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Township.Platform.Web;

/// <summary>
/// One line for whoever starts Township where it cannot start: what is wrong and the remedy. What is not known here stays an
/// unhandled exception with its trace, because it is a defect.
/// </summary>
internal static class StartFailure
{
    private const string Urls = "Name another address with --urls http://127.0.0.1:PORT.";
    private const string Settings = "The README lists the settings.";

    /// <summary>The line, or null where the exception is none of those a user can cause.</summary>
    public static string? Explain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (Sentence(cause) is { } sentence)
            {
                var words = sentence.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                return $"Township cannot start: {string.Join(' ', words)}";
            }
        }

        return null;
    }

    private static string? Sentence(Exception cause) => cause switch
    {
        UnusableSettingException => cause.Message,
        OptionsValidationException => $"{cause.Message} {Settings}",
        IOException { InnerException: AddressInUseException } => $"{cause.Message} {Urls}",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AccessDenied } =>
            $"It cannot listen there: {cause.Message}. {Urls}",
        FormatException when Starts(cause, "Invalid url") => $"{cause.Message}. {Urls}",
        InvalidOperationException when Starts(cause, "Unrecognized scheme in server address") => $"{cause.Message} {Urls}",
        ArgumentOutOfRangeException { ParamName: "port" } => $"A port is a number from 0 to 65535. {Urls}",
        InvalidOperationException when Starts(cause, "Unable to configure HTTPS endpoint") =>
            $"There is no certificate for https. Set Kestrel:Certificates:Default:Path, or: {Urls}",
        InvalidOperationException when Starts(cause, "Failed to convert configuration value") => $"{cause.Message} {Settings}",
        UnauthorizedAccessException => $"{cause.Message} Give this user the right to, or name another directory with --data DIR.",
        SqliteException sqlite => Sentence(sqlite),
        PostgresException postgres => Sentence(postgres),
        NpgsqlException => $"The database does not answer: {cause.Message}. Look at ConnectionStrings:Township.",
        _ => null,
    };

    // The file's faults: busy, read-only, input or output, damaged, full, not to be opened, no database. Others are ours.
    private static string? Sentence(SqliteException fault) => fault.SqliteErrorCode switch
    {
        5 or 8 or 10 or 11 or 13 or 14 or 26 => fault.Message.StartsWith("SQLite Error", StringComparison.Ordinal)
            ? $"A database in the data directory cannot be used: {fault.Message} Restore a backup, or name another directory with --data DIR."
            : fault.Message, // the data source's own, which names file and remedy
        _ => null,
    };

    // Who may sign in, a database that is not there, no room, not ready. Others are ours.
    private static string? Sentence(PostgresException fault) =>
        fault.SqlState is { } state && (Has(state, "28") || Has(state, "3D") || Has(state, "53") || Has(state, "57"))
            ? $"The database refuses: {fault.MessageText}. Look at ConnectionStrings:Township."
            : null;

    private static bool Starts(Exception cause, string text) => cause.Message.StartsWith(text, StringComparison.Ordinal);

    private static bool Has(string state, string @class) => state.StartsWith(@class, StringComparison.Ordinal);
}
