using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Tests.Executing;

[Trait("req", "J-13")]
public sealed class MiddlewareTests
{
    [Fact]
    public async Task Middleware_stands_around_the_handler_in_the_order_in_which_it_was_added()
    {
        var steps = new List<string>();
        await using var engine = await Engine.StartAsync(
            configure: jobs =>
            {
                jobs.Services.AddSingleton(steps);
                jobs.UseMiddleware<Outer>().UseMiddleware<Inner>();
            },
            run: (work, _, _) =>
            {
                steps.Add($"handle {work.Name}");
                return Task.CompletedTask;
            });
        await engine.ReachesAsync(await engine.Client.EnqueueAsync(new Work("a")), JobState.Completed);

        Assert.Equal(["before outer", "before inner", "handle a", "after inner", "after outer"], steps);
    }

    [Fact]
    public async Task What_a_middleware_throws_fails_the_attempt()
    {
        await using var engine = await Engine.StartAsync(
            configure: static jobs => jobs.UseMiddleware<Refusing>(),
            run: static (_, _, _) => throw new UnreachableException("the handler must not run"));
        var id = await engine.Client.EnqueueAsync(new Work("a"), static options => options.MaxAttempts(1));
        await engine.ReachesAsync(id, JobState.Dead);

        Assert.Contains("not this tenant", (await engine.GetAsync(id)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_of_the_enqueue_is_that_of_the_run()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Millrace.Jobs" or "test",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test");
        string? seen = null;
        await using var engine = await Engine.StartAsync(run: (_, _, _) =>
        {
            seen = Activity.Current?.TraceId.ToString();
            throw new UnrecoverableJobException("password=hunter2");
        });
        string id, trace;
        using (var request = source.StartActivity("request"))
        {
            trace = request!.TraceId.ToString();
            id = await engine.Client.EnqueueAsync(new Work("a"));
        }

        await engine.ReachesAsync(id, JobState.Dead);
        Assert.Equal(trace, seen);
        Activity span;
        lock (spans)
        {
            span = Assert.Single(spans, span => span.TraceId.ToString() == trace && span.Kind == ActivityKind.Consumer);
        }

        Assert.Equal("process work", span.OperationName);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(id, span.GetTagItem("messaging.message.id"));
        Assert.DoesNotContain(span.Tags, static tag => tag.Value?.Contains("hunter2", StringComparison.Ordinal) == true);
    }

    private abstract class Recording(List<string> steps, string name) : IJobMiddleware
    {
        public async Task InvokeAsync(JobContext context, Func<Task> next, CancellationToken cancellationToken)
        {
            steps.Add($"before {name}");
            await next();
            steps.Add($"after {name}");
        }
    }

    private sealed class Outer(List<string> steps) : Recording(steps, "outer");

    private sealed class Inner(List<string> steps) : Recording(steps, "inner");

    private sealed class Refusing : IJobMiddleware
    {
        public Task InvokeAsync(JobContext context, Func<Task> next, CancellationToken cancellationToken) => throw new InvalidOperationException("not this tenant");
    }
}
