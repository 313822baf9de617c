namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>A statement as PostgreSQL takes it.</summary>
/// <param name="Sql">With its tables in the store's schema and its parameters numbered from <c>$1</c>.</param>
/// <param name="Parameters">The parameters' names, in the order of their numbers.</param>
internal sealed record PostgresText(string Sql, string[] Parameters);
