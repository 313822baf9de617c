using System.Data.Common;
using System.Reflection;
using System.Text.RegularExpressions;
using Millrace.Jobs;

namespace Millrace.Sqlite.Tests;

/// <summary>Every statement of every operation, as SQLite plans it.</summary>
[Trait("req", "J-12")]
public sealed partial class QueryPlanTests : IAsyncDisposable
{
    private readonly StoreFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task No_statement_passes_over_all_jobs()
    {
        await _fixture.OpenAsync();
        using var connection = _fixture.Source.OpenConnection();
        var seen = 0;
        foreach (var (name, sql) in Statements())
        {
            foreach (var step in Plan(connection, sql))
            {
                seen++;
                var whole = WholeTable().IsMatch(step) && !step.Contains("USING", StringComparison.Ordinal);
                Assert.False(whole, $"{name}: {step}\n{sql}");
            }
        }

        Assert.True(seen > 20, $"only {seen} steps were seen: the statements are no longer found");
    }

    [Theory]
    [InlineData("Claim.Next", "millrace_job_waiting")]
    [InlineData("Claim.NextOfGroup", "millrace_job_group_line")]
    [InlineData("GroupTable.Running", "millrace_job_group_running")]
    [InlineData("GroupTable.Forget", "millrace_job_group_line")]
    [InlineData("GroupTable.First", "millrace_group_turn")]
    [InlineData("GroupTable.Advance", "millrace_group_turn")]
    [InlineData("List.WaitingInGroups", "millrace_job_group_waiting")]
    [InlineData("Claim.Promote", "millrace_job_scheduled")]
    [InlineData("FindWork.Due", "millrace_job_scheduled")]
    [InlineData("Heartbeat.Held", "millrace_job_running")]
    [InlineData("Sweep.Orphans", "millrace_job_running")]
    [InlineData("Sweep.Oldest", "millrace_job_ended")]
    [InlineData("GetDueSchedules.Next", "millrace_schedule_next")]
    public async Task A_statement_uses_its_index(string name, string index)
    {
        await _fixture.OpenAsync();
        using var connection = _fixture.Source.OpenConnection();
        var plan = Plan(connection, Statements()[name]);

        Assert.Contains(plan, step => step.Contains(index, StringComparison.Ordinal));
        if (name is "Claim.Next" or "Claim.NextOfGroup" or "GroupTable.First" or "List.WaitingInGroups" or "Sweep.Oldest" or "GetDueSchedules.Next")
        {
            Assert.DoesNotContain(plan, static step => step.Contains("TEMP B-TREE", StringComparison.Ordinal)); // in order already
        }
    }

    private static Dictionary<string, string> Statements() => typeof(SqlJobStore).Assembly.GetTypes()
        .Where(static type => type.Namespace?.StartsWith("Millrace.Jobs.Stores.Sql.Sqlite", StringComparison.Ordinal) == true)
        .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(static field => field.IsLiteral && field.GetRawConstantValue() is string text && Statement().IsMatch(text))
            .Select(field => ($"{type.Name}.{field.Name}", (string)field.GetRawConstantValue()!)))
        .Where(static pair => !pair.Item1.StartsWith("JobTable.Select", StringComparison.Ordinal)) // beginnings of the others
        .ToDictionary(static pair => pair.Item1, static pair => pair.Item2);

    private static List<string> Plan(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var name in Parameter().Matches(sql).Select(static match => match.Value).Distinct())
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, 1L);
            command.Parameters.Add(parameter);
        }

        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }

        return steps;
    }

    // SQLite 3.35 says SCAN TABLE millrace_job AS j, later ones SCAN j.
    [GeneratedRegex(@"^SCAN (TABLE )?(j|p|t|millrace_job|millrace_payload|millrace_job_tag)\b", RegexOptions.NonBacktracking)]
    private static partial Regex WholeTable();

    [GeneratedRegex(@"^\s*(SELECT|UPDATE|DELETE)\b", RegexOptions.NonBacktracking)]
    private static partial Regex Statement();

    [GeneratedRegex(@"@\w+", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
