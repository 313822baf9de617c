using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>One database's numbered migrations, the first of which has number 1.</summary>
internal sealed partial class SqlMigrations
{
    private readonly List<string> _texts;

    /// <summary>The migrations in the folder that has the store's name.</summary>
    public SqlMigrations(string store)
    {
        var assembly = typeof(SqlMigrations).Assembly;
        var texts = new SortedDictionary<int, string>();
        foreach (var name in assembly.GetManifestResourceNames())
        {
            var match = MigrationName().Match(name);
            if (match.Success && match.Groups["store"].ValueSpan.Equals(store, StringComparison.OrdinalIgnoreCase))
            {
                texts.Add(int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), Read(assembly, name));
            }
        }

        _texts = [.. texts.Values];
    }

    /// <summary>What a database of this version has yet to run, with the version that each makes of it.</summary>
    /// <exception cref="InvalidOperationException">A newer Millrace has used the database.</exception>
    public IEnumerable<(long Version, string Text)> After(long version) => version <= _texts.Count
        ? Enumerable.Range((int)version, _texts.Count - (int)version).Select(index => (index + 1L, _texts[index]))
        : throw new InvalidOperationException(
            $"The database holds a job store of schema version {version}; this version of Millrace knows versions up to {_texts.Count}. "
            + "A newer Millrace has used it: update this program, or give it another database. Nothing was changed.");

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\.Migrations\.(?<store>\w+)\.(?<number>\d{4})-[^.]+\.sql$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MigrationName();
}
