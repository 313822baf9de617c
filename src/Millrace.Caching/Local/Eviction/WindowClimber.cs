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
// all). So a fall of the hit rate after a step by the shadows that is five times as deep as changes are here, and two points at least, undoes the step
// and puts the shadows under distrust for some samples, four times as many each time, up to 512.
//
// A step by the shadows is as long as what they have seen is worth: a sixteenth of the cache for one request in a hundred that the other side would have
// answered, in proportion for less, half a percent at least. A step of hill climbing is a sixteenth at first; it halves when the direction turns, shrinks by a
// fiftieth else, never below half a percent, and is whole again when the hit rate jumps by ten points, and by five times as much as it changes here, which
// means another workload.
internal sealed class WindowClimber
{
    public const double SmallestShare = 0.005;
    public const double LargestShare = 0.9;

    private const double FirstShare = 0.1;
    private const double LargestStep = 1.0 / 16;
    private const double SmallestStep = 0.005;
    private const double Jump = 0.1;
    private const double Deviations = 2;
    private const double FullGain = 0.01; // of all requests, that a part of the cache that is larger by a thirty-second would have answered
    private const double DeepFall = 0.02;
    private const double Unusual = 5; // times the usual change
    private const int FirstDistrust = 8;
    private const int LongestDistrust = 512;

    private double _step = LargestStep;
    private double _last = LargestStep; // the last move, so the first turns: towards the small window
    private double _hitRate = -1;
    private double _noise; // how much the hit rate changes from sample to sample
    private double _changes; // seen
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
        var isJump = Math.Abs(change) >= Math.Max(Jump, Unusual * _noise);
        if (!isFirst && LedAstray(change))
        {
            _last = -_last;
            Share = Math.Clamp(Share + _last, SmallestShare, LargestShare);
            return;
        }

        var strength = (windowMisses - mainMisses) / Math.Sqrt(windowMisses + mainMisses + 1);
        _followedShadows = _distrusted == 0 && Math.Abs(strength) > Deviations;
        _last = _followedShadows ? ShadowStep((double)(windowMisses - mainMisses) / requests) : HillStep(isFirst || change < 0, isFirst || isJump);
        Share = Math.Clamp(Share + _last, SmallestShare, LargestShare);
    }

    /// <summary>The more hits the other side would have had, the longer.</summary>
    private static double ShadowStep(double gain) =>
        Math.CopySign(Math.Clamp(Math.Abs(gain) / FullGain * LargestStep, SmallestStep, LargestStep), gain);

    private double HillStep(bool turns, bool isWhole)
    {
        _step = isWhole ? LargestStep : Math.Max(SmallestStep, turns ? _step / 2 : _step * 0.98);
        return _last > 0 == turns ? -_step : _step;
    }

    private bool LedAstray(double change)
    {
        var isOurs = _followedShadows && change < 0; // perhaps: so it says nothing of the noise
        _followedShadows = false;
        if (isOurs && change < -Math.Max(DeepFall, Unusual * _noise))
        {
            _distrusted = _nextDistrust;
            _nextDistrust = Math.Min(LongestDistrust, _nextDistrust * 4);
            return true;
        }

        _distrusted = Math.Max(0, _distrusted - 1);
        if (!isOurs)
        {
            _noise += (Math.Abs(change) - _noise) * Math.Max(0.2, 1.0 / ++_changes); // the mean, until there are enough to forget the first
        }

        return false;
    }
}
