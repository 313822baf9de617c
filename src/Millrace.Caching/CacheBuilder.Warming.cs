using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.WarmUp;
using Millrace.Caching.WarmUp.Prediction;

namespace Millrace.Caching;

/// <content>Warmers.</content>
public sealed partial class CacheBuilder
{
    /// <summary>Registers a warmer that fills the cache by itself, when <see cref="CacheWarming"/> is told to; one attempt, no schedule.</summary>
    /// <param name="name">Its name, unique among all warmers of the process.</param>
    /// <param name="warm">Fills the cache and returns how many entries it filled; gets the services of a scope of its own.</param>
    /// <returns>This builder, for the next call.</returns>
    public CacheBuilder AddWarmer(string name, Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> warm)
    {
        ArgumentNullException.ThrowIfNull(warm);
        return Add(name, new WarmerRegistration(name, Name) { Fill = warm });
    }

    /// <summary>Registers a warmer that fills the cache by itself, with a plan: schedule, attempts, timeout. Its budgets and rates do not apply, since all is one call.</summary>
    /// <param name="name">Its name, unique among all warmers of the process.</param>
    /// <param name="warm">Fills the cache and returns how many entries it filled; gets the services of a scope of its own.</param>
    /// <param name="plan">Sets up when it runs and how often it is tried.</param>
    /// <returns>This builder, for the next call.</returns>
    public CacheBuilder AddWarmer(string name, Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> warm, Action<CacheWarmerPlan> plan)
    {
        ArgumentNullException.ThrowIfNull(warm);
        ArgumentNullException.ThrowIfNull(plan);
        return Add(name, new WarmerRegistration(name, Name) { Fill = warm, Configure = plan });
    }

    /// <summary>
    /// Registers a warmer that names candidates and loads them in batches. The framework orders the candidates, cuts them to the plan's budget, and
    /// loads the batches side by side, at the plan's pace, as long as the cache has room.
    /// </summary>
    /// <param name="name">Its name, unique among all warmers of the process.</param>
    /// <param name="find">Names candidates, in any order.</param>
    /// <param name="load">
    /// Fills the cache with a batch, best by one query, and returns how many entries it filled. Called side by side, each time with a scope of its own; may
    /// be called again with the same batch when it fails, so it must not mind what is filled already.
    /// </param>
    /// <param name="plan">Sets up when it runs and how much it may take; null: the defaults.</param>
    /// <returns>This builder, for the next call.</returns>
    public CacheBuilder AddWarmer(
        string name,
        Func<CacheWarmingContext, CancellationToken, IAsyncEnumerable<CacheWarmingCandidate>> find,
        Func<CacheWarmingContext, IReadOnlyList<CacheWarmingCandidate>, CancellationToken, ValueTask<int>> load,
        Action<CacheWarmerPlan>? plan = null)
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentNullException.ThrowIfNull(load);
        return Add(name, new WarmerRegistration(name, Name) { Find = find, Load = load, Configure = plan });
    }

    /// <summary>
    /// Registers a warmer for single users: <see cref="CacheWarming.WarmUserAsync"/> runs it for one, for instance when somebody signs in; with
    /// <see cref="CacheWarmerPlan.Users"/> a schedule runs it for many.
    /// </summary>
    /// <param name="name">Its name, unique among all warmers of the process.</param>
    /// <param name="find">Names candidates of the user in <see cref="CacheWarmingContext.UserId"/>, in any order.</param>
    /// <param name="load">Fills the cache with a batch, in which entries of several users may stand (<see cref="CacheWarmingCandidate.UserId"/>), as for other warmers.</param>
    /// <param name="plan">Sets up when it runs and how much it may take; null: the defaults.</param>
    /// <returns>This builder, for the next call.</returns>
    public CacheBuilder AddUserWarmer(
        string name,
        Func<CacheWarmingContext, CancellationToken, IAsyncEnumerable<CacheWarmingCandidate>> find,
        Func<CacheWarmingContext, IReadOnlyList<CacheWarmingCandidate>, CancellationToken, ValueTask<int>> load,
        Action<CacheWarmerPlan>? plan = null)
    {
        ArgumentNullException.ThrowIfNull(find);
        ArgumentNullException.ThrowIfNull(load);
        return Add(name, new WarmerRegistration(name, Name) { Find = find, Load = load, Configure = plan, IsPerUser = true });
    }

    /// <summary>
    /// Learns from the reads of this cache which keys the next hour will need, and warms those at its turn. Registers a warmer named <c>predicted</c>,
    /// for a named cache <c>predicted.NAME</c>, which can be run on demand like any other. Once per cache.
    /// </summary>
    /// <param name="plan">Says how keys are loaded, how many, and which not.</param>
    /// <returns>This builder, for the next call.</returns>
    /// <exception cref="ArgumentException">The plan loads nothing, or one of its settings is out of its range; the message says which.</exception>
    /// <exception cref="InvalidOperationException">It was called for this cache before.</exception>
    public CacheBuilder AddPredictiveWarming(Action<CachePredictionPlan> plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var prediction = new CachePredictionPlan();
        plan(prediction);
        if (prediction.Fault() is { } fault)
        {
            throw new ArgumentException($"Predictive warming of cache '{Name}': {fault}.", nameof(plan));
        }

        PredictionRegistration.Add(Services, Name, prediction);
        return this;
    }

    private CacheBuilder Add(string name, WarmerRegistration warmer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Services.AddSingleton(warmer);
        WarmingRegistration.AddSchedule(Services);
        return this;
    }
}
