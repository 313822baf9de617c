using Millrace.Jobs;
using Millrace.TestKit.Jobs;
using Npgsql;
using Xunit;

namespace Millrace.PostgreSql.Tests;

/// <summary>The shared suite and the seeded model test, on a server.</summary>
public sealed class PostgresJobStoreConformanceTests(Server server) : JobStoreConformance
{
    private NpgsqlDataSource? _source;

    protected override async ValueTask<JobStore> CreateStoreAsync(TimeProvider clock)
    {
        _source = NpgsqlDataSource.Create(await server.Postgres.CreateDatabaseAsync());
        return SqlJobStore.OnPostgres(_source, clock);
    }

    [Fact, Trait("req", "J-11")]
    public async Task What_the_store_does_not_keep_yet_is_refused_and_says_what_to_do()
    {
        var job = new NewJob { Id = "a", Queue = "default", Type = "work", Payload = "{}"u8.ToArray(), Unique = new JobUniqueness { Key = "k", Until = UniqueUntil.Ended } };
        var limited = new ClaimRequest { Worker = new("w", "host", 1, ["default"]), Lease = Lease, Queues = [new QueueCapacity("default", 1) { MaximumRunning = 1 }] };

        Assert.Contains("unique keys", (await Assert.ThrowsAsync<NotSupportedException>(async () => await Store.EnqueueAsync([job], 10))).Message, StringComparison.Ordinal);
        Assert.Contains("limits", (await Assert.ThrowsAsync<NotSupportedException>(async () => await Store.ClaimAsync(limited))).Message, StringComparison.Ordinal);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _source!.DisposeAsync();
    }
}
