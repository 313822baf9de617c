using System.Linq.Expressions;
using Millrace.Jobs.Calls;

namespace Millrace.Jobs;

public sealed partial class JobFlow
{
    /// <summary>Adds a call of a service's method: <c>flow.Add&lt;IEmailService&gt;(x => x.SendWelcomeAsync(userId, CancellationToken.None))</c>.</summary>
    /// <typeparam name="TService">An interface that <see cref="JobsBuilder.AddCalls{TService}"/> registers.</typeparam>
    /// <param name="call">One call of one method on the service; its arguments are evaluated now.</param>
    /// <param name="configure">How the job differs from the defaults of the method; null for not at all.</param>
    /// <returns>The job's step.</returns>
    /// <inheritdoc cref="Add{TJob}(TJob, Action{EnqueueOptions})" path="/exception" />
    public JobFlowStep Add<TService>(Expression<Func<TService, Task>> call, Action<EnqueueOptions>? configure = null)
        where TService : class => Add(CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="Add{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions})" />
    public JobFlowStep Add<TService>(Expression<Func<TService, ValueTask>> call, Action<EnqueueOptions>? configure = null)
        where TService : class => Add(CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="Add{TService}(Expression{Func{TService, Task}}, Action{EnqueueOptions})" />
    public JobFlowStep Add<TService>(Expression<Action<TService>> call, Action<EnqueueOptions>? configure = null)
        where TService : class => Add(CallExpression.Read(call).Evaluate(), configure);
}
