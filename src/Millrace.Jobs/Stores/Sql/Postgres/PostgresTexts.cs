using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>The statements of one store: their texts are constants that name the schema <c>millrace</c>, and parameters as <c>@name</c>. Thread-safe.</summary>
internal sealed partial class PostgresTexts
{
    /// <summary>Longest name of a schema: a channel for notifications begins with it.</summary>
    public const int MaximumSchemaLength = 50;

    private readonly ConcurrentDictionary<string, PostgresText> _texts = new(ReferenceEqualityComparer.Instance); // constants: one object each

    /// <exception cref="ArgumentException">The schema's name has other than small letters, digits and underscores, or is too long.</exception>
    public PostgresTexts(string schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (!SchemaName().IsMatch(schema))
        {
            throw new ArgumentException(
                $"A schema for jobs has a name of 1 to {MaximumSchemaLength} small letters, digits and underscores, beginning with a letter; '{schema}' is not one.", nameof(schema));
        }

        Schema = schema;
    }

    /// <summary>The schema of the store's tables.</summary>
    public string Schema { get; }

    /// <summary>The statement of a text.</summary>
    public PostgresText Get(string text) => _texts.TryGetValue(text, out var known) ? known : _texts.GetOrAdd(text, Prepare);

    /// <summary>A text whose tables are in the store's schema; parameters stay as they are.</summary>
    public string InSchema(string text) => text.Replace("millrace.", Schema + ".", StringComparison.Ordinal);

    private PostgresText Prepare(string text)
    {
        var names = new List<string>();
        var sql = Parameter().Replace(InSchema(text), match =>
        {
            var index = names.IndexOf(match.Value);
            if (index < 0)
            {
                index = names.Count;
                names.Add(match.Value);
            }

            return $"${index + 1}";
        });
        return new PostgresText(sql, [.. names]);
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,49}\z", RegexOptions.NonBacktracking)]
    private static partial Regex SchemaName();

    [GeneratedRegex(@"@\w+", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
