using System.Linq.Expressions;
using System.Text;
using System.Text.Json;
using Millrace.Jobs.Calls;

namespace Millrace.Jobs.Testing;

public sealed partial class JobTester
{
    /// <summary>Expects that this call was enqueued, with equal arguments.</summary>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <param name="call">The call, as it would be enqueued. Arguments are equal when their JSON is.</param>
    /// <param name="queue">Its queue; null for any.</param>
    /// <param name="times">How many such jobs there have to be; null for at least one.</param>
    /// <returns>The first such job.</returns>
    /// <exception cref="JobAssertionException">There is none, or not that many. The message lists what was enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service.</exception>
    /// <exception cref="InvalidOperationException">The interface is not registered for calls.</exception>
    public EnqueuedJob AssertEnqueued<TService>(Expression<Func<TService, Task>> call, string? queue = null, int? times = null)
        where TService : class => AssertCallEnqueued(call, queue, times);

    /// <inheritdoc cref="AssertEnqueued{TService}(Expression{Func{TService, Task}}, string, int?)" />
    public EnqueuedJob AssertEnqueued<TService>(Expression<Func<TService, ValueTask>> call, string? queue = null, int? times = null)
        where TService : class => AssertCallEnqueued(call, queue, times);

    /// <inheritdoc cref="AssertEnqueued{TService}(Expression{Func{TService, Task}}, string, int?)" />
    public EnqueuedJob AssertEnqueued<TService>(Expression<Action<TService>> call, string? queue = null, int? times = null)
        where TService : class => AssertCallEnqueued(call, queue, times);

    /// <summary>Expects that this call was not enqueued with equal arguments.</summary>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <param name="call">The call, as it would be enqueued. Arguments are equal when their JSON is.</param>
    /// <param name="queue">Its queue; null for any.</param>
    /// <exception cref="JobAssertionException">It was. The message lists what was enqueued.</exception>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service.</exception>
    /// <exception cref="InvalidOperationException">The interface is not registered for calls.</exception>
    public void AssertNotEnqueued<TService>(Expression<Func<TService, Task>> call, string? queue = null)
        where TService : class => AssertCallNotEnqueued(call, queue);

    /// <inheritdoc cref="AssertNotEnqueued{TService}(Expression{Func{TService, Task}}, string)" />
    public void AssertNotEnqueued<TService>(Expression<Func<TService, ValueTask>> call, string? queue = null)
        where TService : class => AssertCallNotEnqueued(call, queue);

    /// <inheritdoc cref="AssertNotEnqueued{TService}(Expression{Func{TService, Task}}, string)" />
    public void AssertNotEnqueued<TService>(Expression<Action<TService>> call, string? queue = null)
        where TService : class => AssertCallNotEnqueued(call, queue);

    /// <summary>Runs one attempt of a call at once; otherwise like <see cref="RunAsync{TJob}(TJob, Action{EnqueueOptions}, int, CancellationToken)"/>.</summary>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <param name="call">One call of one method on the service.</param>
    /// <param name="configure">How it differs from the defaults of the method; null for not at all.</param>
    /// <param name="attempt">Which attempt it is. Default 1.</param>
    /// <param name="cancellationToken">Cancels the job, as <see cref="JobClient.CancelAsync"/> does.</param>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service, or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The interface is not registered for calls.</exception>
    public Task<JobTestRun> RunAsync<TService>(Expression<Func<TService, Task>> call, Action<EnqueueOptions>? configure = null, int attempt = 1, CancellationToken cancellationToken = default)
        where TService : class => RunAsync(CallExpression.Read(call).Evaluate(), configure, attempt, cancellationToken);

    /// <inheritdoc cref="RunAsync{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions}, int, CancellationToken)" />
    public Task<JobTestRun> RunAsync<TService>(Expression<Func<TService, ValueTask>> call, Action<EnqueueOptions>? configure = null, int attempt = 1, CancellationToken cancellationToken = default)
        where TService : class => RunAsync(CallExpression.Read(call).Evaluate(), configure, attempt, cancellationToken);

    /// <inheritdoc cref="RunAsync{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions}, int, CancellationToken)" />
    public Task<JobTestRun> RunAsync<TService>(Expression<Action<TService>> call, Action<EnqueueOptions>? configure = null, int attempt = 1, CancellationToken cancellationToken = default)
        where TService : class => RunAsync(CallExpression.Read(call).Evaluate(), configure, attempt, cancellationToken);

    private EnqueuedJob AssertCallEnqueued(LambdaExpression call, string? queue, int? times)
    {
        AtLeastOnce(times);
        var (found, what) = FindCalls(call, queue);
        Check(found.Count, times, what);
        return found[0];
    }

    private void AssertCallNotEnqueued(LambdaExpression call, string? queue)
    {
        var (found, what) = FindCalls(call, queue);
        Check(found.Count, 0, what);
    }

    private (List<EnqueuedJob> Found, string What) FindCalls(LambdaExpression call, string? queue)
    {
        var expected = _factory.Create(CallExpression.Read(call).Evaluate(), new EnqueueOptions());
        expected = expected with { Payload = _coding.Decode(expected.Type, expected.Payload) };
        using var arguments = JsonDocument.Parse(expected.Payload);
        var found = new List<EnqueuedJob>();
        foreach (var job in _log.Jobs)
        {
            if (job.Type == expected.Type && (queue is null || job.Queue == queue))
            {
                using var given = JsonDocument.Parse(job.Payload);
                if (JsonElement.DeepEquals(given.RootElement, arguments.RootElement))
                {
                    found.Add(new EnqueuedJob(job));
                }
            }
        }

        return (found, $"call '{expected.Type}'{(queue is null ? "" : $" in queue '{queue}'")} with {Encoding.UTF8.GetString(expected.Payload.Span)}");
    }
}
