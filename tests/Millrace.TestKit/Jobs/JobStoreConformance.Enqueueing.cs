using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    [Fact, Trait("req", "J-01")]
    public async Task Enqueue_keeps_every_field_of_the_job()
    {
        var outcome = await EnqueueAsync(new NewJob
        {
            Id = "a",
            Queue = "email",
            Type = "welcome",
            Payload = Encoding.UTF8.GetBytes("""{"user":"Zoë 🌊"}"""),
            Priority = 7,
            MaxAttempts = 4,
            Timeout = TimeSpan.FromMilliseconds(1500),
            Tags = ["b", "a"],
            Metadata = new Dictionary<string, string> { ["tenant"] = "Zoë", ["empty"] = "" },
            Delay = TimeSpan.FromMinutes(5),
            Schedule = "nightly",
        });

        Assert.Null(outcome.FullQueue);
        Assert.Empty(outcome.Existing);
        var job = await GetAsync("a");
        Assert.Equal("email", job.Queue);
        Assert.Equal("welcome", job.Type);
        Assert.Equal("""{"user":"Zoë 🌊"}""", Encoding.UTF8.GetString(job.Payload.Span));
        Assert.Equal(7, job.Priority);
        Assert.Equal(4, job.MaxAttempts);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), job.Timeout);
        Assert.Equal(["b", "a"], job.Tags);
        Assert.Equal(["empty=", "tenant=Zoë"], job.Metadata.Select(static entry => $"{entry.Key}={entry.Value}").Order(StringComparer.Ordinal));
        Assert.Equal("nightly", job.Schedule);
        Assert.Equal(JobState.Scheduled, job.State);
        Assert.Equal(Clock.GetUtcNow(), job.CreatedAt);
        Assert.Equal(Clock.GetUtcNow() + TimeSpan.FromMinutes(5), job.DueAt);
        Assert.Equal(0, job.Attempt);
        Assert.Null(job.StartedAt);
        Assert.Null(job.FinishedAt);
        Assert.Null(job.WorkerId);
        Assert.Null(job.Error);
        Assert.Null(job.Result);
        Assert.False(job.CancelRequested);
    }

    [Fact, Trait("req", "J-01")]
    public async Task Enqueue_of_an_id_that_exists_leaves_the_job_as_it_is()
    {
        await EnqueueAsync(Job("a", priority: 1));
        var outcome = await EnqueueAsync(Job("b"), Job("a", priority: 9), Job("c"));

        Assert.Equal(["a"], outcome.Existing);
        Assert.Equal(1, (await GetAsync("a")).Priority);
        Assert.Equal(["a", "b", "c"], (await IdsAsync(new JobQuery())).Order());
    }

    [Fact, Trait("req", "J-01")]
    public async Task Enqueue_of_one_id_twice_in_a_batch_stores_the_first()
    {
        var outcome = await EnqueueAsync(Job("a", priority: 1), Job("a", priority: 2));

        Assert.Equal(["a"], outcome.Existing);
        Assert.Equal(1, (await GetAsync("a")).Priority);
    }

    [Fact, Trait("req", "J-01")]
    public async Task Enqueue_of_an_id_that_has_completed_does_not_run_it_again()
    {
        await EnqueueAsync(Job("a"));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Completed);

        Assert.Equal(["a"], (await EnqueueAsync(Job("a"))).Existing);
        Assert.Empty(await ClaimAsync());
    }

    [Fact, Trait("req", "J-16")]
    public async Task Enqueue_beyond_the_queue_bound_stores_nothing_of_the_batch_and_names_the_queue()
    {
        await Store.EnqueueAsync(Jobs(2, "small"), 3);
        var outcome = await Store.EnqueueAsync([Job("x", "small"), Job("y", "small"), Job("z", "small", delay: TimeSpan.FromHours(1))], 3);

        Assert.Equal("small", outcome.FullQueue);
        Assert.Null(await Store.GetAsync("x"));
        Assert.Null(await Store.GetAsync("y"));
        Assert.Null((await Store.EnqueueAsync([Job("y", "small")], 3)).FullQueue);
    }

    [Fact, Trait("req", "J-16")]
    public async Task Queue_bound_counts_pending_jobs_only_and_existing_ids_not_at_all()
    {
        await Store.EnqueueAsync([Job("a"), Job("b")], 2);
        Assert.Null((await Store.EnqueueAsync([Job("a"), Job("b")], 2)).FullQueue);
        await ClaimAsync(1);
        Assert.Null((await Store.EnqueueAsync([Job("c")], 2)).FullQueue);
        Assert.Equal("default", (await Store.EnqueueAsync([Job("d")], 2)).FullQueue);
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_retry_is_never_refused_by_a_full_queue()
    {
        await Store.EnqueueAsync([Job("a")], 1);
        var claimed = await ClaimOneAsync();
        await Store.EnqueueAsync([Job("b")], 1);

        Assert.Equal(FinishStatus.Applied, (await FinishAsync(claimed, FinishKind.Retry, TimeSpan.FromSeconds(1), "boom")).Status);
        Assert.Equal(JobState.Scheduled, await StateOfAsync("a"));
    }

    [Fact, Trait("req", "J-01")]
    public async Task An_instant_that_has_passed_means_now()
    {
        await EnqueueAsync(Job("a") with { At = Clock.GetUtcNow() - TimeSpan.FromDays(1) }, Job("b"));

        Assert.Equal(Clock.GetUtcNow(), (await GetAsync("a")).DueAt);
        Assert.Equal(JobState.Waiting, await StateOfAsync("a"));
        Assert.Equal(["a", "b"], (await ClaimAsync()).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-01")]
    public async Task An_instant_to_come_is_waited_for()
    {
        await EnqueueAsync(Job("a") with { At = Clock.GetUtcNow() + TimeSpan.FromMilliseconds(250) });
        Clock.Advance(TimeSpan.FromMilliseconds(249));
        Assert.Empty(await ClaimAsync());
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("a", (await ClaimOneAsync()).Id);
    }

    [Fact, Trait("peer", "11")]
    public async Task Unique_insert_race_stores_one_job()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => EnqueueAsync(Job("same")))));

        Assert.Equal(7, outcomes.Count(static outcome => outcome.Existing.Count == 1));
        Assert.Equal(1, (await QueueAsync()).Waiting);
    }

    [Fact, Trait("req", "J-01")]
    public async Task A_large_batch_keeps_its_order()
    {
        var jobs = Jobs(1_500);
        await EnqueueAsync(jobs);

        Assert.Equal(jobs.Take(1_000).Select(static job => job.Id), (await ClaimAsync(1_000)).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_payload_of_a_megabyte_and_an_empty_tag_list_survive()
    {
        var payload = new byte[1024 * 1024];
        new Random(7).NextBytes(payload);
        await EnqueueAsync(Job("big") with { Payload = payload });

        Assert.Equal(payload, (await ClaimOneAsync()).Payload.ToArray());
    }
}
