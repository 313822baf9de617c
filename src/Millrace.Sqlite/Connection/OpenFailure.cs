using Microsoft.Data.Sqlite;

namespace Millrace.Sqlite.Connection;

/// <summary>Turns SQLite's terse words for "cannot open" into path, reason and remedy, keeping its codes.</summary>
internal static class OpenFailure
{
    public static SqliteException Describe(SqliteException exception, string path)
    {
        var (reason, remedy) = Explain(exception, path);
        return new SqliteException(
            $"The SQLite database '{path}' could not be opened: {reason} (SQLite error {exception.SqliteErrorCode}). {remedy}",
            exception.SqliteErrorCode,
            exception.SqliteExtendedErrorCode);
    }

    public static IOException DescribeDirectory(Exception exception, string directory, string path) => new(
        $"The SQLite database '{path}' could not be opened: its directory '{directory}' could not be created ({exception.Message}). "
        + "Create the directory and let this process's user write to it, or choose another path.",
        exception);

    // The codes: https://www.sqlite.org/rescode.html
    private static (string Reason, string Remedy) Explain(SqliteException exception, string path) => exception.SqliteErrorCode switch
    {
        5 or 6 => ("another process holds its lock", "End the other process, or raise SqliteOptions.BusyTimeout."),
        8 => ("the file or its directory is read-only", "Let this process's user write to the file and to its directory (WAL adds files beside it)."),
        10 => ("the disk reported an error", "Check the disk; keep SQLite files on a local disk, not on a network share."),
        11 => ("the file is damaged", "Restore a backup, or recover what is left with 'sqlite3 FILE .recover'."),
        13 => ("the disk is full", "Free some space."),
        14 when Directory.Exists(path) => ("the path is a directory", "Give the path of a file."),
        14 => ("the file cannot be created or read", "Check the path and that this process's user may write to its directory."),
        26 => ("the file is not a SQLite database", "Give another path, or move the file away."),
        _ => (exception.Message, "See https://www.sqlite.org/rescode.html for the code."),
    };
}
