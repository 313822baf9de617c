namespace Township.Platform.Data;

/// <summary>The two databases that every statement in Township must run on.</summary>
internal enum SqlDialect
{
    Sqlite,
    PostgreSql,
}
