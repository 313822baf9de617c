using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>Brings a database to this version's schema: numbered migrations, applied in one transaction that no other process can enter.</summary>
internal static partial class SqlSchema
{
    private const string Select = "SELECT COALESCE(MAX(version), 0) FROM millrace_schema";
    private const string Insert = "INSERT INTO millrace_schema (version, applied_at) VALUES (@version, @now)";

    public static async ValueTask MigrateAsync(SqlSession session, SqlDialect dialect, long now)
    {
        var migrations = Migrations(dialect);
        await session.Statement(dialect.BeginWrite).RunAsync().ConfigureAwait(false);
        try
        {
            await session.Statement(dialect.CreateSchemaTable).RunAsync().ConfigureAwait(false);
            var version = Convert.ToInt64(await session.Statement(Select).ScalarAsync().ConfigureAwait(false), CultureInfo.InvariantCulture);
            if (version > migrations.Count)
            {
                throw new InvalidOperationException(
                    $"The database holds a job store of schema version {version}; this version of Millrace knows versions up to {migrations.Count}. "
                    + "A newer Millrace has used it: update this program, or give it another database. Nothing was changed.");
            }

            for (var next = (int)version; next < migrations.Count; next++)
            {
                await session.Statement(migrations[next]).RunAsync().ConfigureAwait(false);
                await session.Statement(Insert).Set("@version", (long)next + 1).Set("@now", now).RunAsync().ConfigureAwait(false);
            }

            await session.Statement("COMMIT").RunAsync().ConfigureAwait(false);
        }
        catch
        {
            await session.Statement("ROLLBACK").RunAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The dialect's migrations in order; the first has number 1.</summary>
    private static List<string> Migrations(SqlDialect dialect)
    {
        var assembly = typeof(SqlSchema).Assembly;
        var texts = new SortedDictionary<int, string>();
        foreach (var name in assembly.GetManifestResourceNames())
        {
            var match = MigrationName().Match(name);
            if (match.Success && match.Groups["dialect"].ValueSpan.Equals(dialect.Name, StringComparison.OrdinalIgnoreCase))
            {
                texts.Add(int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), Read(assembly, name));
            }
        }

        return [.. texts.Values];
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\.Migrations\.(?<dialect>\w+)\.(?<number>\d{4})-[^.]+\.sql$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MigrationName();
}
