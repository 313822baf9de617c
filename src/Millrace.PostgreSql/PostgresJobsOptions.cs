using Millrace.Jobs;

namespace Millrace.PostgreSql;

/// <summary>How jobs are kept in a PostgreSQL database.</summary>
public sealed class PostgresJobsOptions
{
    /// <summary>The schema of the tables: small letters, digits and underscores, at most 50. Default <see cref="SqlJobStore.DefaultSchema"/>.</summary>
    public string Schema { get; set; } = SqlJobStore.DefaultSchema;
}
