using System.Reflection;
using System.Text.RegularExpressions;
using Millrace.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>Every statement of every operation, as PostgreSQL plans it once and for all: with an empty database and with 150,000 jobs.</summary>
[Trait("req", "J-12")]
public sealed partial class QueryPlanTests(QueryPlanTests.Databases databases) : IClassFixture<QueryPlanTests.Databases>
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["ids"] = "text[]", ["groups"] = "text[]", ["job_group"] = "text", ["keys"] = "text[]", ["holders"] = "text[]", ["unique_keys"] = "text[]", ["unique_untils"] = "smallint[]", ["errors"] = "text[]", ["types"] = "text[]", ["metadata"] = "text[]", ["schedules"] = "text[]", ["queues"] = "text[]", ["tags"] = "text[]",
        ["tokens"] = "bigint[]", ["sequences"] = "bigint[]", ["dues"] = "bigint[]", ["limits"] = "bigint[]", ["delays"] = "bigint[]", ["ats"] = "bigint[]", ["timeouts"] = "bigint[]",
        ["periods"] = "bigint[]", ["numbers"] = "bigint[]", ["untils"] = "bigint[]", ["most"] = "bigint[]", ["buckets"] = "double precision[]", ["rated"] = "boolean[]", ["waits"] = "boolean[]", ["conditions"] = "smallint[]", ["counts"] = "integer[]", ["jobs"] = "text[]", ["positions"] = "integer[]",
        ["kinds"] = "integer[]", ["ranks"] = "smallint[]", ["priorities"] = "integer[]", ["max_attempts"] = "integer[]", ["results"] = "bytea[]", ["payloads"] = "bytea[]",
        ["id"] = "text", ["queue"] = "text", ["name"] = "text", ["type"] = "text", ["tag"] = "text", ["worker"] = "text", ["message"] = "text", ["host"] = "text",
        ["last_job"] = "text", ["cron"] = "text", ["time_zone"] = "text", ["payload"] = "bytea", ["paused"] = "boolean",
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_statement_passes_over_all_jobs(bool filled)
    {
        var seen = 0;
        foreach (var (name, plan) in databases.Plans(filled))
        {
            for (var line = 0; line < plan.Count; line++)
            {
                Assert.False(WholeTable().IsMatch(plan[line]), $"{name}:\n{string.Join('\n', plan)}");
                if (IndexScan().Match(plan[line]) is { Success: true } scan)
                {
                    seen++;
                    var bounded = plan.Skip(line + 1).TakeWhile(static next => !next.Contains("->", StringComparison.Ordinal)).Any(static next => next.Contains("Index Cond:", StringComparison.Ordinal));
                    Assert.True(bounded || scan.Groups["index"].Value == "job_running", $"{name} passes over a whole index: {plan[line]}\n{string.Join('\n', plan)}");
                }
            }
        }

        Assert.True(seen > 20, $"only {seen} index scans were seen: the statements are no longer found");
    }

    [Theory]
    [InlineData("Claim.Take", "job_waiting", false)]
    [InlineData("Claim.Promote", "job_scheduled", false)]
    [InlineData("FindWork.Due", "job_scheduled", false)]
    [InlineData("FindWork.Due", "job_waiting", false)]
    [InlineData("Heartbeat.Held", "job_running", true)]
    [InlineData("Heartbeat.Release", "job_running", true)]
    [InlineData("Finish.Remove", "job_id", true)]
    [InlineData("Finish.Change", "job_id", true)]
    [InlineData("Sweep.Orphans", "job_running", true)]
    [InlineData("Sweep.Retain", "job_ended", false)]
    [InlineData("List.Ended", "job_ended", false)]
    [InlineData("List.ByTag", "job_tag_pkey", false)]
    [InlineData("GetDueSchedules.Next", "schedule_next", false)]
    public void A_statement_uses_its_index_and_sorts_no_more_than_it_locks(string name, string index, bool sorts)
    {
        foreach (var filled in (bool[])[false, true])
        {
            var plan = databases.Plans(filled)[name];

            Assert.Contains(plan, step => step.Contains($"using {index}", StringComparison.Ordinal) || step.Contains($"Backward using {index}", StringComparison.Ordinal));
            Assert.True(sorts || !plan.Any(static step => SortNode().IsMatch(step)), $"{name}:\n{string.Join('\n', plan)}");
        }
    }

    [Fact]
    public async Task A_claim_from_a_long_line_reads_a_few_pages_only()
    {
        await using var connection = await ConnectAsync(databases.Filled);
        await ReadAsync(connection, "BEGIN"); // taken back with the connection
        var text = Statements()["Claim.Take"];
        await PrepareAsync(connection, "take", text);
        var values = Parameters(text).Select(static name => name switch
        {
            "queues" => "ARRAY['a', 'b']",
            "limits" => "ARRAY[50, 50]",
            "ranks" => "ARRAY[-32768, -32768]",
            "dues" or "sequences" => "ARRAY[-9223372036854775807, -9223372036854775807]",
            "maximum" => "100",
            "worker" => "'w'",
            _ => "NULL",
        });
        var plan = await ReadAsync(connection, $"EXPLAIN (ANALYZE, BUFFERS) EXECUTE take({string.Join(", ", values)})");

        var pages = Pages().Match(plan.First(static line => line.Contains("Buffers:", StringComparison.Ordinal)));
        Assert.True(long.Parse(pages.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) < 3_000, string.Join('\n', plan));
        Assert.Equal(["100"], await ReadAsync(connection, "SELECT count(*)::text FROM millrace.job WHERE worker = 'w'"));
    }

    /// <summary>A connection with the settings of the store's own.</summary>
    private static async Task<NpgsqlConnection> ConnectAsync(Database database)
    {
        var connection = await database.Source.OpenConnectionAsync();
        var session = typeof(SqlJobStore).Assembly.GetType("Millrace.Jobs.Stores.Sql.Postgres.PostgresSession", throwOnError: true)!;
        await ReadAsync(connection, (string)session.GetField("Settings", BindingFlags.Static | BindingFlags.NonPublic)!.GetRawConstantValue()!);
        return connection;
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, string name, string text)
    {
        var parameters = Parameters(text);
        var types = parameters.Select(parameter => (parameter is "metadata" or "max_attempts") && !text.Contains("unnest(", StringComparison.Ordinal) ? "unknown" : Types.GetValueOrDefault(parameter, "bigint"));
        var sql = Parameter().Replace(text, match => $"${parameters.IndexOf(match.Value[1..]) + 1}");
        await ReadAsync(connection, $"PREPARE {name}{(parameters.Count == 0 ? "" : $"({string.Join(", ", types)})")} AS {sql}");
    }

    private static async Task<List<string>> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    private static List<string> Parameters(string text) => [.. Parameter().Matches(text).Select(static match => match.Value[1..]).Distinct()];

    private static Dictionary<string, string> Statements() => typeof(SqlJobStore).Assembly.GetTypes()
        .Where(static type => type.Namespace == "Millrace.Jobs.Stores.Sql.Postgres.Operations")
        .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(static field => field.IsLiteral && field.GetRawConstantValue() is string text && Statement().IsMatch(text) && text.Contains("millrace.", StringComparison.Ordinal))
            .Select(field => ($"{type.Name}.{field.Name}", (string)field.GetRawConstantValue()!)))
        .Where(static pair => pair.Item1 != "List.Select") // the beginning of others
        .ToDictionary(static pair => pair.Item1, static pair => pair.Item2);

    [GeneratedRegex(@"(Seq Scan|Bitmap Heap Scan) on (job|job_tag)\b", RegexOptions.NonBacktracking)]
    private static partial Regex WholeTable();

    [GeneratedRegex(@"Index (Only )?Scan (Backward )?using (?<index>job_\w+) on job", RegexOptions.NonBacktracking)]
    private static partial Regex IndexScan();

    [GeneratedRegex(@"^\s*(->  )?(Incremental )?Sort  \(", RegexOptions.NonBacktracking)]
    private static partial Regex SortNode();

    [GeneratedRegex(@"shared hit=(\d+)", RegexOptions.NonBacktracking)]
    private static partial Regex Pages();

    [GeneratedRegex(@"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", RegexOptions.NonBacktracking)]
    private static partial Regex Statement();

    [GeneratedRegex(@"@\w+", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    /// <summary>An empty database and one with 150,000 jobs, with the plans that each gives; filled once for all tests.</summary>
    public sealed class Databases(Server server) : IAsyncLifetime
    {
        private readonly Dictionary<bool, Dictionary<string, List<string>>> _plans = [];

        internal Database Filled { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await using (var empty = await Database.CreateAsync(server))
            {
                _plans[false] = await PlansAsync(empty);
            }

            Filled = await Database.CreateAsync(server);
            await FillAsync();
            _plans[true] = await PlansAsync(Filled);
        }

        public ValueTask DisposeAsync() => Filled.DisposeAsync();

        internal Dictionary<string, List<string>> Plans(bool filled) => _plans[filled];

        private async Task FillAsync()
        {
            await Filled.ExecuteAsync("""
                INSERT INTO millrace.job (id, queue, type, state, priority, max_attempts, attempt, created_at, due_at, worker, finished_at, tags, payload)
                SELECT 'job-' || n, (ARRAY['a', 'b', 'c'])[1 + n % 3], 'work', s, n % 3, 3, CASE WHEN s = 0 THEN n % 2 ELSE 1 END, n, n,
                  CASE WHEN s = 2 THEN 'w' || n % 5 END, CASE WHEN s >= 3 THEN n END, CASE WHEN n % 10 = 0 THEN ARRAY['t'] END, '\x00'
                FROM (SELECT n, CASE WHEN n <= 200 THEN 2 WHEN n <= 40000 THEN 1 WHEN n <= 70000 THEN 0 ELSE 3 + n % 3 END AS s FROM generate_series(1, 150000) n) jobs
                """);
            await Filled.ExecuteAsync("INSERT INTO millrace.job_tag SELECT 't', sequence, id FROM millrace.job WHERE tags IS NOT NULL");
            await Filled.ExecuteAsync("ANALYZE");
        }

        private static async Task<Dictionary<string, List<string>>> PlansAsync(Database database)
        {
            await using var connection = await ConnectAsync(database);
            var plans = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (var (name, text) in Statements())
            {
                await PrepareAsync(connection, "statement", text);
                plans[name] = await ReadAsync(connection, $"EXPLAIN EXECUTE statement{(Parameters(text).Count == 0 ? "" : $"({string.Join(", ", Parameters(text).Select(static _ => "NULL"))})")}");
                await ReadAsync(connection, "DEALLOCATE statement");
            }

            return plans;
        }
    }
}
