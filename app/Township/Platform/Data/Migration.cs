using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Township.Platform.Data;

/// <summary>
/// One numbered step of a module's schema, embedded from <c>Modules/&lt;Module&gt;/Migrations/NNNN_name.sql</c>. Numbers count
/// from 1 per module, so modules never compete for a number.
/// </summary>
internal sealed record Migration(string Module, int Number, string Name, string Sql)
{
    /// <summary>Changes when anything but line endings changes.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>All migrations of <paramref name="modules"/>, in that order, each module's by number.</summary>
    /// <exception cref="InvalidOperationException">A file is misnamed, or a module's numbers have a gap.</exception>
    public static IReadOnlyList<Migration> Embedded(Assembly assembly, IReadOnlyList<string> modules)
    {
        var found = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("migrations/", StringComparison.Ordinal))
            .Select(name => Read(assembly, name))
            .ToLookup(migration => migration.Module);
        var ordered = new List<Migration>();
        foreach (var module in modules)
        {
            var own = found[module].OrderBy(migration => migration.Number).ToList();
            for (var i = 0; i < own.Count; i++)
            {
                if (own[i].Number != i + 1)
                {
                    throw new InvalidOperationException(
                        $"Migration {own[i].Number:0000} of module {module} stands where {i + 1:0000} is expected. "
                        + "Number a module's migrations from 0001 without gaps.");
                }
            }

            ordered.AddRange(own);
        }

        return ordered;
    }

    private static Migration Read(Assembly assembly, string resource)
    {
        // migrations/Accounts/0001_users
        var parts = resource.Split('/');
        if (parts.Length != 3
            || parts[2].Length < 6
            || parts[2][4] != '_'
            || !int.TryParse(parts[2].AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new InvalidOperationException(
                $"'{resource}' is not a migration's name. Name the file Modules/<Module>/Migrations/NNNN_what.sql.");
        }

        using var stream = assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new Migration(parts[1], number, parts[2][5..], reader.ReadToEnd());
    }
}
