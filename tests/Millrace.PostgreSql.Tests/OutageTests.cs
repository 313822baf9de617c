using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>Connections are ended at random, and the server stops and starts again, while the engine works: nothing that was acknowledged is lost.</summary>
[Trait("req", "J-09"), Trait("peer", "2"), Trait("peer", "14")]
public sealed class OutageTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Jobs = 600;
    private const int Seed = 20_261_130;

    private PostgresServer _server = null!; // of its own, because it is stopped
    private string _connectionString = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync();
        _connectionString = await _server.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task No_acknowledged_job_is_lost_when_connections_end_at_random()
    {
        output.WriteLine($"seed {Seed}");
        using var host = await StartAsync();
        using var stop = new CancellationTokenSource();
        var killing = Task.Run(() => KillAsync(new Random(Seed), host.Services.GetRequiredService<RunLog>(), stop.Token));
        await EnqueueAsync(host);
        await WaitUntilDoneAsync(host);
        await stop.CancelAsync();

        output.WriteLine($"{await killing} connections were ended");
        Assert.True(await killing > 20, "hardly any connection was ended");
        await CheckAsync(host);
    }

    [Fact]
    public async Task No_acknowledged_job_is_lost_when_the_server_stops_and_starts_again()
    {
        using var host = await StartAsync();
        var enqueuing = EnqueueAsync(host);
        for (var outage = 0; outage < 2; outage++)
        {
            var ran = host.Services.GetRequiredService<RunLog>().Count;
            await Poll.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<RunLog>().Count > ran + 50 ? null : "few jobs have run"), "the engine is at work");
            await _server.StopAsync();
            await _server.StartAgainAsync();
        }

        await enqueuing;
        await WaitUntilDoneAsync(host);
        await CheckAsync(host);
    }

    private async Task<IHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<RunLog>();
        builder.Services.AddMillraceJobs(options =>
            {
                options.Lease = TimeSpan.FromSeconds(3);
                options.SweepInterval = TimeSpan.FromMilliseconds(200);
                options.DefaultConcurrency = 8;
                options.MaxAttempts = 1_000;
                options.Retry = RetryPolicy.Fixed(TimeSpan.FromMilliseconds(5));
            })
            .AddHandler<Number, NumberHandler>("number")
            .UsePostgres(_connectionString);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>As a caller would: again, with the same id, until it is acknowledged.</summary>
    private static async Task EnqueueAsync(IHost host)
    {
        var jobs = host.Services.GetRequiredService<JobClient>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Jobs), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, cancellationToken) =>
        {
            while (true)
            {
                try
                {
                    await jobs.EnqueueAsync(new Number(number), options => options.Id($"job-{number}"), cancellationToken);
                    return;
                }
                catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
                }
            }
        });
    }

    private static async Task WaitUntilDoneAsync(IHost host)
    {
        var jobs = host.Services.GetRequiredService<JobClient>();
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    var left = (await jobs.GetQueuesAsync()).Sum(static queue => queue.Waiting + queue.Delayed + queue.Retrying + queue.Running);
                    return left == 0 ? null : $"{left} jobs are left";
                }
                catch (NpgsqlException error)
                {
                    return error.Message;
                }
            },
            "all jobs have ended");
    }

    /// <summary>Goes on when a job has run meanwhile: a machine that takes longer to connect than the next end takes to come would do nothing else.</summary>
    private async Task<int> KillAsync(Random random, RunLog log, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(_connectionString + ";Application Name=killer");
        var killed = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            await using var command = source.CreateCommand("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name <> 'killer' ORDER BY md5(pid::text || $1) LIMIT 1
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture) });
            killed += await command.ExecuteScalarAsync(CancellationToken.None) is true ? 1 : 0;
            var ran = log.Count;
            for (var turn = 0; turn == 0 || (turn < 20 && log.Count == ran); turn++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5, 40)), TimeProvider.System, CancellationToken.None);
            }
        }

        return killed;
    }

    private static async Task CheckAsync(IHost host)
    {
        var jobs = host.Services.GetRequiredService<JobClient>();
        var ran = host.Services.GetRequiredService<RunLog>();
        for (var number = 0; number < Jobs; number++)
        {
            var job = await jobs.GetAsync($"job-{number}");
            Assert.Equal(JobState.Completed, job?.State);
            Assert.True(ran.Has(number), $"job-{number} is completed, but never ran");
        }

        Assert.Equal(Jobs, Assert.Single(await jobs.GetQueuesAsync()).Completed);
        await host.StopAsync();
    }

    internal sealed record Number(int Value);

    internal sealed class RunLog
    {
        private readonly ConcurrentDictionary<int, int> _runs = new();

        public int Count => _runs.Count;

        public void Add(int number) => _runs.AddOrUpdate(number, 1, static (_, count) => count + 1);

        public bool Has(int number) => _runs.ContainsKey(number);
    }

    internal sealed class NumberHandler(RunLog log) : IJobHandler<Number>
    {
        public async Task HandleAsync(Number job, JobContext context, CancellationToken cancellationToken)
        {
            log.Add(job.Value);
            await context.ReportProgressAsync(50, "half", cancellationToken);
            if (job.Value % 7 == 0 && context.Attempt == 1)
            {
                throw new InvalidOperationException("fails at first");
            }
        }
    }
}
