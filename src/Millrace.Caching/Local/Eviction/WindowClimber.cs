namespace Millrace.Caching.Local.Eviction;

// Finds the window's share of the cache while it works: a large window is LRU, a small one is frequency, and which is better is the workload's affair.
//
// One step per sample of ten requests per entry. Its direction comes from the best evidence there is:
//   - The shadows of both parts (LoserShadow). If the misses that a larger window would have answered differ from those that a larger main part would have
//     answered by more than chance (two standard deviations), the step goes to the side that had more. Both were counted on the same requests, so what
//     the workload does meanwhile does not matter. That is the gradient of Cliffhanger (NSDI 2016).
//   - Else hill climbing: the last direction again if the hit rate rose, the opposite one if it fell (Einziger, Eytan, Friedman, Manes: "Adaptive
//     Software Cache Management", Middleware 2018). That finds what no shadow reaches, such as a loop that is longer than the cache.
//
// A gradient can lead over a cliff (a loop a little longer than the cache: each step that makes the window larger seems to win a little, and loses
// all). So a fall of the hit rate after a step by the shadows that is three times as deep as changes are here, and two points at least, undoes the step
// and puts the shadows under distrust for some samples, four times as many each time, up to 512.
//
// The step is a sixteenth of the cache; it halves when the direction turns, grows again while the shadows agree, shrinks by a fiftieth else, never
// below half a percent, and is whole again when the hit rate jumps by ten points, which means another workload.
internal sealed class WindowClimber
{
    public const double SmallestShare = 0.005;
    public const double LargestShare = 0.9;

    private const double FirstShare = 0.1;
    private const double LargestStep = 1.0 / 16;
    private const double SmallestStep = 0.005;
    private const double Jump = 0.1;
    private const double Deviations = 2;
    private const double DeepFall = 0.02;
    private const int FirstDistrust = 8;
    private const int LongestDistrust = 512;

    private double _step = LargestStep;
    private double _last = LargestStep; // the last move, so the first turns: towards the small window
    private double _hitRate = -1;
    private double _noise;
    private bool _followedShadows;
    private int _distrusted;
    private int _nextDistrust = FirstDistrust;

    /// <summary>The window's share of the bounds.</summary>
    public double Share { get; private set; } = FirstShare;

    /// <summary>Takes a step after a sample.</summary>
    public void Climb(long hits, long requests, int windowMisses, int mainMisses)
    {
        var rate = (double)hits / requests;
        var isFirst = _hitRate < 0;
        var change = isFirst ? 0 : rate - _hitRate;
        _hitRate = rate;
        if (LedAstray(change))
        {
            _last = -_last;
            Share = Math.Clamp(Share + _last, SmallestShare, LargestShare);
            return;
        }

        var strength = (windowMisses - mainMisses) / Math.Sqrt(windowMisses + mainMisses + 1);
        _followedShadows = _distrusted == 0 && Math.Abs(strength) > Deviations;
        var up = _last > 0;
        if (_followedShadows)
        {
            up = strength > 0;
        }
        else if (isFirst || change < 0)
        {
            up = !up;
        }

        if (Math.Abs(change) >= Jump)
        {
            _step = LargestStep;
        }

        if (up != _last > 0 && !isFirst)
        {
            _step = Math.Max(SmallestStep, _step / 2);
        }
        else
        {
            _step = _followedShadows ? Math.Min(LargestStep, _step * 1.1) : Math.Max(SmallestStep, _step * 0.98);
        }

        _last = up ? _step : -_step;
        Share = Math.Clamp(Share + _last, SmallestShare, LargestShare);
    }

    private bool LedAstray(double change)
    {
        var isAstray = _followedShadows && change < -Math.Max(DeepFall, 3 * _noise);
        _followedShadows = false;
        if (isAstray)
        {
            _distrusted = _nextDistrust;
            _nextDistrust = Math.Min(LongestDistrust, _nextDistrust * 4);
            return true; // a fall that we made ourselves says nothing of the noise
        }

        _distrusted = Math.Max(0, _distrusted - 1);
        _noise += (Math.Abs(change) - _noise) * 0.2;
        return false;
    }
}
