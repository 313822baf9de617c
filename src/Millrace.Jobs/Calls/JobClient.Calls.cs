using System.Linq.Expressions;
using Millrace.Jobs.Calls;

namespace Millrace.Jobs;

public sealed partial class JobClient
{
    /// <summary>Enqueues a call of a service's method: <c>EnqueueAsync&lt;IEmailService&gt;(x => x.SendWelcomeAsync(userId, CancellationToken.None))</c>.</summary>
    /// <remarks>The arguments are evaluated now and stored as JSON. A <see cref="CancellationToken"/> or <see cref="JobContext"/> among them is not looked at: the method gets those
    /// of the attempt.</remarks>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <param name="call">One call of one method on the service. Its arguments may be anything that does not use the service; constants, variables,
    /// members and calls take next to no time, other computations some microseconds.</param>
    /// <param name="configure">How the job differs from the defaults of the method; null for not at all.</param>
    /// <param name="cancellationToken">Gives up before the job is stored, or not at all.</param>
    /// <returns>The job's id. The job is stored when this returns.</returns>
    /// <exception cref="JobQueueFullException">The queue is full.</exception>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service, an argument cannot be written as JSON or read again, the
    /// payload is too large, or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The interface is not registered for calls.</exception>
    public ValueTask<string> EnqueueAsync<TService>(Expression<Func<TService, Task>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueAsync(CallExpression.Read(call).Evaluate(), configure, cancellationToken);

    /// <inheritdoc cref="EnqueueAsync{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions}, CancellationToken)" />
    public ValueTask<string> EnqueueAsync<TService>(Expression<Func<TService, ValueTask>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueAsync(CallExpression.Read(call).Evaluate(), configure, cancellationToken);

    /// <inheritdoc cref="EnqueueAsync{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions}, CancellationToken)" />
    public ValueTask<string> EnqueueAsync<TService>(Expression<Action<TService>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueAsync(CallExpression.Read(call).Evaluate(), configure, cancellationToken);

    /// <summary>Enqueues one call per item in one step, all of them or none: <c>EnqueueManyAsync&lt;IEmailService, User>(users, (x, user) => x.SendWelcomeAsync(user.Id, CancellationToken.None))</c>.</summary>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <typeparam name="TItem">What the calls differ in.</typeparam>
    /// <param name="items">At most 10,000 items; none is allowed and does nothing.</param>
    /// <param name="call">One call of one method on the service; its arguments are evaluated for each item.</param>
    /// <param name="configure">How the jobs differ from the defaults of the method, alike for all; <see cref="EnqueueOptions.Id"/> has no place here.</param>
    /// <param name="cancellationToken">Gives up before the jobs are stored, or not at all.</param>
    /// <returns>The ids, in the order of the items.</returns>
    /// <inheritdoc cref="EnqueueAsync{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions}, CancellationToken)" path="/exception" />
    public ValueTask<IReadOnlyList<string>> EnqueueManyAsync<TService, TItem>(IReadOnlyCollection<TItem> items, Expression<Func<TService, TItem, Task>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueManyAsync(Evaluate(items, call), configure, cancellationToken);

    /// <inheritdoc cref="EnqueueManyAsync{TService, TItem}(IReadOnlyCollection{TItem}, Expression{Func{TService, TItem, Task}}, Action{EnqueueOptions}, CancellationToken)" />
    public ValueTask<IReadOnlyList<string>> EnqueueManyAsync<TService, TItem>(IReadOnlyCollection<TItem> items, Expression<Func<TService, TItem, ValueTask>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueManyAsync(Evaluate(items, call), configure, cancellationToken);

    /// <inheritdoc cref="EnqueueManyAsync{TService, TItem}(IReadOnlyCollection{TItem}, Expression{Func{TService, TItem, Task}}, Action{EnqueueOptions}, CancellationToken)" />
    public ValueTask<IReadOnlyList<string>> EnqueueManyAsync<TService, TItem>(IReadOnlyCollection<TItem> items, Expression<Action<TService, TItem>> call, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
        where TService : class => EnqueueManyAsync(Evaluate(items, call), configure, cancellationToken);

    private static List<Call> Evaluate<TItem>(IReadOnlyCollection<TItem> items, LambdaExpression call)
    {
        ArgumentNullException.ThrowIfNull(items);
        var expression = CallExpression.Read(call);
        CheckBatch(items.Count, nameof(items));
        var calls = new List<Call>(items.Count);
        foreach (var item in items)
        {
            calls.Add(expression.Evaluate(item));
        }

        return calls;
    }
}
