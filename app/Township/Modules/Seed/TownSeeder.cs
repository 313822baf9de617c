using Microsoft.Extensions.Options;
using Township.Modules.Accounts;


namespace Township.Modules.Seed;

/// <summary>
/// Fills an empty database with the example town at first start. Part of the start-up transaction: all of it is there, or none;
/// what is recorded there as done does not run again.
/// </summary>
internal sealed class TownSeeder(
    TimeProvider time, IHostEnvironment environment, IOptions<TownshipSettings> township, IOptions<SeedSettings> settings) : ISeeder
{
    public string Name => "example-town";

    public bool Enabled => township.Value.ExampleData ?? !environment.IsProduction();

    public async Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken)
    {
        var anchor = settings.Value.Anchor ?? DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var demo = await sql.ScalarAsync<string>(
            "select id from users where id = @id", new { id = DemoAccounts.ResidentId }, cancellationToken);
        foreach (var table in SeedTown.Tell(anchor, demo))
        {
            await SeedWriter.WriteAsync(sql, table, cancellationToken);
        }

        if (sql.Dialect == SqlDialect.PostgreSql)
        {
            await sql.ExecuteAsync("analyze users, organisation_members, projects, tasks, search_documents, questions, votes", cancellationToken: cancellationToken); // as the planner would only do later, by itself
        }
    }
}
