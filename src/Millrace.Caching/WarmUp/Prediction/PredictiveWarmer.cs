using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>Predictive warming of one cache: the recorder that hears its reads, the warmer that asks it, and the file that keeps what was learned.</summary>
internal sealed class PredictiveWarmer
{
    private readonly CachePredictionPlan _plan;
    private readonly string _cacheName;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LearnedFile? _file;

    public PredictiveWarmer(string cacheName, CachePredictionPlan plan, TimeProvider time, ILogger logger)
    {
        (_cacheName, _plan, _time, _logger) = (cacheName, plan, time, logger);
        Recorder = new AccessRecorder(new KeyLearner(plan.TrackedKeys), key => plan.LoaderOf(key) is not null, time);
        _file = plan.File is { } file ? new LearnedFile(file) : null;
    }

    public AccessRecorder Recorder { get; }

    /// <summary>What the hour that is <see cref="CachePredictionPlan.LeadTime"/> away will read.</summary>
    public async IAsyncEnumerable<CacheWarmingCandidate> FindAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var (key, probability) in Recorder.Predict(_time.GetUtcNow() + _plan.LeadTime, _plan.KeysPerHour, _plan.MinimumProbability))
        {
            yield return new CacheWarmingCandidate(key, probability);
        }
    }

    public async ValueTask<int> LoadAsync(CacheWarmingContext context, IReadOnlyList<CacheWarmingCandidate> batch, CancellationToken cancellationToken)
    {
        var filled = 0;
        Exception? fault = null;
        foreach (var candidate in batch)
        {
            try
            {
                if (_plan.LoaderOf(candidate.Key) is { } loader)
                {
                    await loader.LoadAsync(context, candidate.Key, cancellationToken).ConfigureAwait(false);
                    filled++;
                }
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested) // one key must not keep the others cold
            {
                fault = failure;
            }
        }

        return fault is null ? filled : throw new BatchPartlyFilledException(filled, batch.Count, fault);
    }

    /// <summary>Takes over what an earlier process has learned, if there is something usable. Never throws but for the token.</summary>
    public async Task LoadLearnedAsync(CancellationToken cancellationToken)
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            var (found, fault) = await _file.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (found is not null)
            {
                var keys = Recorder.With(learner => found.RestoreTo(learner, key => _plan.LoaderOf(key) is not null));
                Log.LearnedLoaded(_logger, _cacheName, keys, _file.Path);
            }
            else if (fault is not null)
            {
                Log.LearnedRefused(_logger, exception: null, _cacheName, _file.Path, fault);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Log.LearnedRefused(_logger, fault, _cacheName, _file.Path, "it cannot be read");
        }
    }

    /// <summary>Ends the hour, and keeps what was learned. Never throws but for the token.</summary>
    public async Task TurnHourAsync(CancellationToken cancellationToken)
    {
        Recorder.Advance();
        if (_file is null)
        {
            return;
        }

        try
        {
            await _file.WriteAsync(Recorder.With(LearnedState.Of), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Log.LearnedNotSaved(_logger, fault, _cacheName, _file.Path);
        }
    }
}
