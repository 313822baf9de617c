using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Millrace.Sqlite.Library;

/// <summary>The native SQLite this process uses, chosen once: the system's on Linux when it is newer than the bundled one and has
/// every function the driver calls, else the bundled one.</summary>
/// <remarks>
/// The bundle that goes with the driver carries a SQLite of 2021, while distributions patch theirs. The choice is made by a
/// <see cref="NativeLibrary.SetDllImportResolver"/> on the provider's assembly, so it must come before the driver's first call:
/// <see cref="Current"/> does both. The loser is unloaded before any file is opened, because two copies of SQLite in one process
/// would break each other's POSIX locks (https://www.sqlite.org/howtocorrupt.html, section 2.2.1).
/// </remarks>
internal sealed record SqliteLibrary(string Name, string Version)
{
    private const string BundledName = "e_sqlite3";
    private const string SystemName = "libsqlite3.so.0";

    // Functions that a build of SQLite may leave out, but which the driver calls.
    private static readonly string[] OptionalFunctions =
    [
        "sqlite3_column_table_name", "sqlite3_column_origin_name", "sqlite3_column_database_name", "sqlite3_table_column_metadata",
        "sqlite3_enable_load_extension", "sqlite3_load_extension",
    ];

    private static readonly Lazy<SqliteLibrary> Chosen = new(Choose);

    /// <summary>The library in use. The first call chooses and initialises it; thread-safe.</summary>
    public static SqliteLibrary Current => Chosen.Value;

    private static SqliteLibrary Choose()
    {
        var provider = typeof(SQLite3Provider_e_sqlite3).Assembly;
        var system = UseSystemIfNewer(provider);
        Batteries_V2.Init();
        return new SqliteLibrary(
            system ? $"the system's {SystemName}" : $"the bundled {BundledName}",
            raw.sqlite3_libversion().utf8_to_string());
    }

    private static bool UseSystemIfNewer(Assembly provider)
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad(SystemName, out var system))
        {
            return false;
        }

        var bundledVersion = 0;
        if (NativeLibrary.TryLoad(BundledName, provider, searchPath: null, out var bundled))
        {
            bundledVersion = VersionOf(bundled);
            NativeLibrary.Free(bundled);
        }

        if (VersionOf(system) <= bundledVersion || !IsComplete(system))
        {
            NativeLibrary.Free(system);
            return false;
        }

        try
        {
            NativeLibrary.SetDllImportResolver(provider, (name, _, _) => name == BundledName ? system : 0);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The application has chosen a library itself: its resolver stands.
            NativeLibrary.Free(system);
            return false;
        }
    }

    private static int VersionOf(nint library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var function)
            ? Marshal.GetDelegateForFunctionPointer<NumberFunction>(function)()
            : 0;

    private static bool IsComplete(nint library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_threadsafe", out var threadSafe)
        && Marshal.GetDelegateForFunctionPointer<NumberFunction>(threadSafe)() != 0
        && Array.TrueForAll(OptionalFunctions, name => NativeLibrary.TryGetExport(library, name, out _));

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int NumberFunction();
}
