using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.PostgreSql.Tests;

/// <summary>A worker that waits for work learns of it whatever happens to its connections and to the server meanwhile, and whatever its own clock says.</summary>
[Trait("req", "J-12")]
public sealed class WaitingTests : IAsyncLifetime
{
    private PostgresServer _server = null!; // of its own, because it is killed
    private NpgsqlDataSource _elsewhere = null!;
    private SqlJobStore _store = null!;
    private string _connectionString = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync();
        _connectionString = await _server.CreateDatabaseAsync();
        _elsewhere = NpgsqlDataSource.Create(_connectionString + ";Application Name=elsewhere");
        _store = SqlJobStore.OnPostgres(_elsewhere);
        await _store.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _elsewhere.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_takes_up_work_after_its_connections_were_ended_in_its_wait()
    {
        var ran = new Runs();
        using var host = await StartAsync(ran);
        for (var kill = 0; kill < 6; kill++)
        {
            await using var command = _elsewhere.CreateCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'elsewhere'");
            await command.ExecuteScalarAsync();

            await _store.EnqueueAsync([Job($"{kill}")], 1_000);

            await ran.UntilAsync($"{kill}");
        }

        await host.StopAsync();
    }

    [Fact, Trait("peer", "2")]
    public async Task A_worker_goes_on_after_the_server_crashed_in_its_wait_and_a_running_job_ends_once()
    {
        var ran = new Runs();
        var mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var host = await StartAsync(ran, hold: mayEnd.Task);
        await _store.EnqueueAsync([Job("long")], 1_000);
        await ran.UntilAsync("long");
        await _store.EnqueueAsync([Job("delayed") with { Delay = TimeSpan.FromSeconds(3) }], 1_000);

        await _server.CrashAsync();
        await _server.StartAgainAsync();

        await EnqueueAgainAsync(Job("new"));
        await ran.UntilAsync("new");
        await ran.UntilAsync("delayed");
        mayEnd.SetResult();
        await Poll.UntilAsync(async () => (await _store.GetAsync("long"))!.State == JobState.Completed ? null : "it has not", "the long job has ended");
        Assert.Equal(1, (await _store.GetAsync("long"))!.Attempt);
        await host.StopAsync();
    }

    [Theory, Trait("peer", "10")]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task A_process_whose_clock_is_an_hour_off_runs_delayed_jobs_and_fires_ticks_when_the_server_says(int minutes)
    {
        var ran = new Runs();
        await using var command = _elsewhere.CreateCommand("SELECT now()");
        var now = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!);
        var (past, next) = (now.AddMinutes(-30), now.AddMinutes(30));
        using var host = await StartAsync(ran, new SkewedClock(TimeSpan.FromMinutes(minutes)), jobs => jobs
            .AddSchedule("past", $"{past.Minute} {past.Hour} * * *", new Named("past"))
            .AddSchedule("next", $"{next.Minute} {next.Hour} * * *", new Named("next"))
            .AddSchedule("every-second", "* * * * * *", new Named("tick")));
        var client = host.Services.GetRequiredService<JobClient>();

        await client.EnqueueAsync(new Named("later"), static options => options.Id("later").Delay(TimeSpan.FromMinutes(30)));
        await client.EnqueueAsync(new Named("soon"), static options => options.Delay(TimeSpan.FromMilliseconds(500)));
        await ran.UntilAsync("soon");
        await ran.UntilAsync("tick");

        Assert.Equal(JobState.Scheduled, (await _store.GetAsync("later"))!.State);
        var schedules = (await _store.GetSchedulesAsync()).ToDictionary(static schedule => schedule.Definition.Name, StringComparer.Ordinal);
        Assert.Equal((Minute(past).AddDays(1), null), (schedules["past"].NextAt, schedules["past"].LastAt));
        Assert.Equal((Minute(next), null), (schedules["next"].NextAt, schedules["next"].LastAt));
        await host.StopAsync();
    }

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.Year, time.Month, time.Day, time.Hour, time.Minute, 0, TimeSpan.Zero);

    private static NewJob Job(string name) => Database.Job(name) with { Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"name":"{{name}}"}""") };

    private async Task EnqueueAgainAsync(NewJob job)
    {
        while (true)
        {
            try
            {
                await _store.EnqueueAsync([job], 1_000);
                return;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    /// <summary>An engine that looks for work by itself only every hour.</summary>
    private async Task<IHost> StartAsync(Runs ran, TimeProvider? clock = null, Action<JobsBuilder>? configure = null, Task? hold = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddSingleton(ran);
        builder.Services.AddSingleton(new Hold(hold ?? Task.CompletedTask));
        var jobs = builder.Services.AddMillraceJobs(static options => options.PollInterval = TimeSpan.FromHours(1)).AddHandler<Named, NamedHandler>("work");
        configure?.Invoke(jobs);
        jobs.UsePostgres(_connectionString);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    internal sealed record Named(string Name);

    internal sealed record Hold(Task Long);

    internal sealed class Runs
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _begun = new(StringComparer.Ordinal);

        public void Add(string name) => Of(name).TrySetResult();

        public Task UntilAsync(string name) => Of(name).Task.WaitAsync(Database.Guard);

        private TaskCompletionSource Of(string name) => _begun.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    internal sealed class NamedHandler(Runs ran, Hold hold) : IJobHandler<Named>
    {
        public Task HandleAsync(Named job, JobContext context, CancellationToken cancellationToken)
        {
            ran.Add(job.Name);
            return job.Name == "long" ? hold.Long.WaitAsync(cancellationToken) : Task.CompletedTask;
        }
    }
}
