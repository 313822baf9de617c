using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Jobs.Calls;

namespace Millrace.Jobs;

public sealed partial class JobsBuilder
{
    /// <summary>Lets jobs call the methods of an interface: <c>jobs.EnqueueAsync&lt;IEmailService&gt;(x => x.SendWelcomeAsync(userId, CancellationToken.None))</c>.
    /// Nothing else can be called, whatever the store holds.</summary>
    /// <remarks>
    /// <para>A job is stored under the name given here, a dot and the method's name without the suffix Async (<c>email.SendWelcome</c>), with its arguments as
    /// a JSON object by the names of the parameters. Those names are what waiting jobs know: see <see cref="JobCallMethod"/> for renaming a method;
    /// a parameter that is added needs a default value, and one that is renamed or removed must stay until no such job waits.</para>
    /// <para>Methods return void, <see cref="Task"/>, <see cref="ValueTask"/> or <see cref="Task{TResult}"/>, whose result is kept with the job. Their parameters are
    /// what JSON can write and read, and any number of <see cref="CancellationToken"/> and <see cref="JobContext"/>, which are filled in when the job runs.
    /// Inherited methods are included, except those of <see cref="IDisposable"/> and <see cref="IAsyncDisposable"/>.</para>
    /// </remarks>
    /// <typeparam name="TService">The interface. Register its implementation yourself; it is resolved from a scope of its own for every attempt.</typeparam>
    /// <param name="name">What the interface is called in the store, for ever.</param>
    /// <param name="configure">Defaults of its jobs, and settings of single methods; null for none.</param>
    /// <exception cref="ArgumentException">The type is no interface; it has generic methods, properties, events, methods that take references, delegates or object, or
    /// that return something else; overloads are not told apart; or a name is out of range. The message says what to do.</exception>
    [RequiresUnreferencedCode("Arguments are written and read by their types, and methods invoked by reflection.")]
    [RequiresDynamicCode("Results of Task<T> are read by a type that is made when the program runs.")]
    public JobsBuilder AddCalls<TService>(string name, Action<JobCalls>? configure = null)
        where TService : class
    {
        JobValidation.Name(name, "service");
        var settings = new JobCalls(typeof(TService));
        configure?.Invoke(settings);
        foreach (var registration in CallInterface.Read(typeof(TService), name, settings))
        {
            Services.AddSingleton<JobRegistration>(registration);
        }

        return this;
    }

    /// <summary>Calls a method of a service again and again; otherwise like <see cref="AddSchedule{TJob}(string, string, TJob, TimeZoneInfo, Action{EnqueueOptions})"/>.</summary>
    /// <typeparam name="TService">An interface that <see cref="AddCalls{TService}"/> registers.</typeparam>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="cron">A cron expression of five or six fields.</param>
    /// <param name="call">The call; its arguments are evaluated here, once.</param>
    /// <param name="timeZone">Where the expression is read; null for UTC.</param>
    /// <param name="configure">How the jobs differ from the defaults of the method; id, delay and instant have no place here.</param>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service, or an option is out of range.</exception>
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Func<TService, Task>> call, TimeZoneInfo? timeZone = null, Action<EnqueueOptions>? configure = null)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), timeZone, configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, string, Expression{Func{TService, Task}}, TimeZoneInfo, Action{EnqueueOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Func<TService, ValueTask>> call, TimeZoneInfo? timeZone = null, Action<EnqueueOptions>? configure = null)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), timeZone, configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, string, Expression{Func{TService, Task}}, TimeZoneInfo, Action{EnqueueOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Action<TService>> call, TimeZoneInfo? timeZone = null, Action<EnqueueOptions>? configure = null)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), timeZone, configure);

    /// <summary>Calls a method of a service again and again; otherwise like <see cref="AddSchedule{TJob}(string, string, TJob, Action{ScheduleOptions})"/>.</summary>
    /// <typeparam name="TService">An interface that <see cref="AddCalls{TService}"/> registers.</typeparam>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="cron">A cron expression of five or six fields.</param>
    /// <param name="call">The call; its arguments are evaluated here, once.</param>
    /// <param name="configure">How the schedule differs from one that runs for ever in UTC.</param>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service, or an option is out of range.</exception>
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Func<TService, Task>> call, Action<ScheduleOptions> configure)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, string, Expression{Func{TService, Task}}, Action{ScheduleOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Func<TService, ValueTask>> call, Action<ScheduleOptions> configure)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, string, Expression{Func{TService, Task}}, Action{ScheduleOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, string cron, Expression<Action<TService>> call, Action<ScheduleOptions> configure)
        where TService : class => AddSchedule(name, cron, CallExpression.Read(call).Evaluate(), configure);

    /// <summary>Calls a method of a service again and again; otherwise like <see cref="AddSchedule{TJob}(string, TimeSpan, TJob, Action{ScheduleOptions})"/>.</summary>
    /// <typeparam name="TService">An interface that <see cref="AddCalls{TService}"/> registers.</typeparam>
    /// <param name="name">Identifies the schedule.</param>
    /// <param name="every">The interval, a second to ten years, in whole milliseconds.</param>
    /// <param name="call">The call; its arguments are evaluated here, once.</param>
    /// <param name="configure">How the schedule differs from one that runs for ever; null for not at all.</param>
    /// <exception cref="ArgumentException">The expression is something else than one call on the service, or an option is out of range.</exception>
    public JobsBuilder AddSchedule<TService>(string name, TimeSpan every, Expression<Func<TService, Task>> call, Action<ScheduleOptions>? configure = null)
        where TService : class => AddSchedule(name, every, CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, TimeSpan, Expression{Func{TService, Task}}, Action{ScheduleOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, TimeSpan every, Expression<Func<TService, ValueTask>> call, Action<ScheduleOptions>? configure = null)
        where TService : class => AddSchedule(name, every, CallExpression.Read(call).Evaluate(), configure);

    /// <inheritdoc cref="AddSchedule{TService}(string, TimeSpan, Expression{Func{TService, Task}}, Action{ScheduleOptions})" />
    public JobsBuilder AddSchedule<TService>(string name, TimeSpan every, Expression<Action<TService>> call, Action<ScheduleOptions>? configure = null)
        where TService : class => AddSchedule(name, every, CallExpression.Read(call).Evaluate(), configure);
}
