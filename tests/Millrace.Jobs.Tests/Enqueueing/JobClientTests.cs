using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Millrace.Jobs.Tests.Enqueueing;

public sealed class JobClientTests
{
    private static Task<Engine> ProducerAsync(Action<JobsOptions>? options = null, Action<JobDefaults>? defaults = null) =>
        Engine.StartAsync(
            options: settings =>
            {
                settings.RunWorkers = false;
                options?.Invoke(settings);
            },
            defaults: defaults);

    [Fact, Trait("req", "J-01")]
    public async Task The_wish_of_an_enqueue_goes_before_the_types_defaults_and_those_before_the_engines()
    {
        await using var engine = await ProducerAsync(
            static options => (options.MaxAttempts, options.Timeout) = (7, TimeSpan.FromMinutes(7)),
            static defaults =>
            {
                (defaults.Queue, defaults.Priority, defaults.MaxAttempts) = ("email", 2, 3);
                defaults.Tag("mail");
            });

        var plain = await engine.GetAsync(await engine.Client.EnqueueAsync(new Work("a")));
        var special = await engine.GetAsync(await engine.Client.EnqueueAsync(new Work("b"), static options => options
            .Queue("fast").Priority(9).MaxAttempts(1).Timeout(TimeSpan.FromSeconds(1)).Tag("user:1").Tag("mail")));

        Assert.Equal(("email", 2, 3, TimeSpan.FromMinutes(7)), (plain.Queue, plain.Priority, plain.MaxAttempts, plain.Timeout));
        Assert.Equal(["mail"], plain.Tags);
        Assert.Equal(("fast", 9, 1, TimeSpan.FromSeconds(1)), (special.Queue, special.Priority, special.MaxAttempts, special.Timeout));
        Assert.Equal(["mail", "user:1"], special.Tags);
    }

    [Fact, Trait("req", "J-11")]
    public async Task The_same_id_enqueues_once()
    {
        await using var engine = await ProducerAsync();
        var first = await engine.Client.EnqueueAsync(new Work("a"), static options => options.Id("welcome:1"));
        var second = await engine.Client.EnqueueAsync(new Work("b"), static options => options.Id("welcome:1"));

        Assert.Equal(("welcome:1", "welcome:1"), (first, second));
        Assert.Single((await engine.Client.ListAsync(new JobQuery())).Jobs);
        Assert.Equal(1, (await engine.Client.GetStatisticsAsync()).Totals.Single(static total => total.Status == "enqueued").Count);
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_payload_beyond_the_limit_is_refused_with_the_limit_named()
    {
        await using var engine = await ProducerAsync(static options => options.MaximumPayloadBytes = 100);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync(new Work(new string('x', 100))));

        Assert.Contains("100", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(JobsOptions.MaximumPayloadBytes), error.Message, StringComparison.Ordinal);
        Assert.Empty((await engine.Client.ListAsync(new JobQuery())).Jobs);
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_full_queue_refuses_an_enqueue_with_the_limit_named()
    {
        await using var engine = await ProducerAsync(static options => options.MaximumQueueLength = 2);
        var error = await Assert.ThrowsAsync<JobQueueFullException>(async () => await engine.Client.EnqueueManyAsync([new Work("a"), new Work("b"), new Work("c")]));

        Assert.Equal("default", error.Queue);
        Assert.Contains("limit of 2", error.Message, StringComparison.Ordinal);
        Assert.Empty((await engine.Client.ListAsync(new JobQuery())).Jobs);
        Assert.Empty(engine.Changes.Changes);
    }

    [Fact, Trait("req", "J-01")]
    public async Task Many_jobs_keep_their_order_and_none_is_fine()
    {
        await using var engine = await ProducerAsync();
        var ids = await engine.Client.EnqueueManyAsync([new Work("a"), new Work("b")], static options => options.Tag("t"));

        Assert.Equal(ids.Reverse(), (await engine.Client.ListAsync(new JobQuery { Tag = "t" })).Jobs.Select(static job => job.Id));
        Assert.Empty(await engine.Client.EnqueueManyAsync(Array.Empty<Work>()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueManyAsync([new Work("a")], static options => options.Id("x")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueManyAsync(Enumerable.Repeat(new Work("a"), JobLimits.MaximumEnqueueBatch + 1).ToList()));
    }

    [Fact, Trait("req", "J-01")]
    public async Task A_job_without_a_handler_is_refused_by_name()
    {
        await using var engine = await ProducerAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await engine.Client.EnqueueAsync(new Unregistered()));

        Assert.Contains(nameof(Unregistered), error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-16")]
    public void Options_out_of_range_are_refused()
    {
        var options = new EnqueueOptions();
        Action[] bad =
        [
            () => options.Id(""), () => options.Id(new string('x', 101)), () => options.Queue("a\nb"), () => options.Queue(new string('x', 101)),
            () => options.Delay(TimeSpan.FromTicks(-1)), () => options.Delay(TimeSpan.MaxValue), () => options.Priority(1_001), () => options.Priority(-1_001),
            () => options.MaxAttempts(0), () => options.MaxAttempts(1_001), () => options.Timeout(TimeSpan.Zero), () => options.Tag(""), () => options.Tag(new string('x', 101)),
        ];

        Assert.All(bad, static action => Assert.ThrowsAny<ArgumentException>(action));
        for (var n = 0; n < JobLimits.MaximumTags; n++)
        {
            options.Tag($"{n}").Tag($"{n}");
        }

        Assert.Throws<ArgumentException>(() => options.Tag("one too many"));
    }

    [Fact, Trait("req", "J-08")]
    public async Task A_page_size_out_of_range_is_refused()
    {
        await using var engine = await ProducerAsync();
        foreach (var size in new[] { 0, -1, JobLimits.MaximumPageSize + 1 })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.ListAsync(new JobQuery { PageSize = size }));
        }
    }

    [Fact, Trait("req", "J-03")]
    public async Task Served_queues_are_listed_with_their_concurrency_even_when_empty()
    {
        await using var engine = await Engine.StartAsync(
            options: static options => options.DefaultConcurrency = 6,
            configure: static jobs => jobs.AddQueue("email", 5).AddQueue("report"),
            defaults: static defaults => defaults.Queue = "named-by-a-handler");

        Assert.Equal(
            [("default", 6), ("email", 5), ("named-by-a-handler", 6), ("report", 6)],
            (await engine.Client.GetQueuesAsync()).Select(static queue => (queue.Name, queue.Concurrency!.Value)));
    }

    [Fact, Trait("req", "H-09")]
    public async Task Bad_settings_stop_the_start_and_name_what_is_wrong()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Engine.StartAsync(options: static options =>
        {
            options.Lease = TimeSpan.FromMilliseconds(10);
            options.DefaultConcurrency = 0;
            options.MaximumPayloadBytes = -1;
            options.DeadRetention = new JobRetention(TimeSpan.FromDays(-1), 5);
            options.ScrubPatterns.Add("(?=lookahead)");
        }));

        foreach (var name in new[] { "Lease", "DefaultConcurrency", "MaximumPayloadBytes", "DeadRetention", "lookahead" })
        {
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("req", "H-09")]
    public async Task Registering_a_name_a_job_or_a_queue_twice_stops_the_start()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Engine.StartAsync(configure: static jobs => jobs.AddHandler<Unregistered, UnregisteredHandler>("work")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Engine.StartAsync(configure: static jobs => jobs.AddHandler<Work, WorkHandler>("work-again")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Engine.StartAsync(configure: static jobs => jobs.AddQueue("email", 1).AddQueue("email", 2)));
    }

    [Fact, Trait("req", "J-12")]
    public async Task Without_a_store_jobs_live_in_memory_and_adding_twice_adds_to_the_same_engine()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMillraceJobs().AddHandler<Work, WorkHandler>("work");
        services.AddMillraceJobs(static options => options.MaxAttempts = 2);
        await using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = false, ValidateScopes = true });
        var client = provider.GetRequiredService<JobClient>();
        var id = await client.EnqueueAsync(new Work("a"));

        Assert.Equal("memory", provider.GetRequiredService<JobStore>().Name);
        Assert.Equal(2, (await client.GetAsync(id))!.MaxAttempts);
        Assert.Single(provider.GetServices<Microsoft.Extensions.Hosting.IHostedService>());
    }

    private sealed record Unregistered;

    private sealed class UnregisteredHandler : IJobHandler<Unregistered>
    {
        public Task HandleAsync(Unregistered job, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
