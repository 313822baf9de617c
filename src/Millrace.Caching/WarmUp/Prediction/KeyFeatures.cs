namespace Millrace.Caching.WarmUp.Prediction;

// What the model sees of a key before an hour. A key's hour is "read" or "not read"; how often inside the hour does not matter, since the first
// read pays for the warming and the others would be hits anyway.
//
// With d = 0.5^(1/half-life), S = sum over past hours of d^age * read, and W = sum of d^age over the hours the key has been known:
//
//   r   frequency        (S + a) / (W + m), half-life three days, a = 0.2, m = 48: a key must be read in several hours before it counts
//   f   recent frequency the same with a half-life of six hours, drawn to r with the weight of two hours
//   q   season           reads at this hour of the day (its neighbours at half weight), half-life two weeks, drawn to r with four readings
//   u   week             reads on this weekday, half-life eight weeks, drawn to r with the weight of one day
//   g   hours since the last read
//
//   x0 = 1
//   x1 = logit(r) / 2 + 1.5             frequency
//   x2 = (logit(f) - logit(r)) / 2      trend: what the last hours say beyond it
//   x3 = (logit(q) - logit(r)) / 2      hour of day
//   x4 = (logit(u) - logit(r)) / 2      day of week
//   x5 = log(g r + 0.05) / 2 + 0.5      recency, in units of the key's own expected gap: an overdue key and a burst that is over look alike here,
//                                       and which of them a log has more of is learned
//
// Exponential decay as in Holt and Winters (P. R. Winters, "Forecasting Sales by Exponentially Weighted Moving Averages", Management Science 6,
// 1960), whose level, trend and season these are; on the scale of log-odds, where such effects add up, and shrunk towards the key's own
// frequency by pseudo-observations (the mean of a Beta posterior), so that one lucky hour is no season.
internal static class KeyFeatures
{
    public const int Count = 6;

    public const double SlowFade = 0.990419277; // 0.5^(1/72)
    public const double FastFade = 0.890898718; // 0.5^(1/6)
    public const double HourFade = 0.951694075; // 0.5^(1/14), once a day
    public const double DayFade = 0.996396448; // 0.5^(1/192), once an hour of that weekday: eight weeks

    private const double PriorReads = 0.2;
    private const double PriorHours = 48;
    private const double FastPrior = 2;
    private const double HourPrior = 4;
    private const double DayPrior = 24;
    private const double Least = 1e-4;
    private const double Most = 0.99;

    public static void Write(in KeyHistory history, Span<double> features)
    {
        var age = history.Age;
        var r = (history.Slow + PriorReads) / (Exposure(SlowFade, age) + PriorHours);
        var f = (history.Fast + (FastPrior * r)) / (Exposure(FastFade, age) + FastPrior);
        var atHour = history.Hour + (0.5 * (history.HourBefore + history.HourAfter));
        var q = (atHour + (HourPrior * r)) / ((2 * Exposure(HourFade, age / 24.0)) + HourPrior);
        var u = (history.Day + (DayPrior * r)) / (Exposure(DayFade, HoursOfWeekday(age, history.HourOfDay)) + DayPrior);
        var logit = Logit(r);
        features[0] = 1;
        features[1] = (logit / 2) + 1.5;
        features[2] = (Logit(f) - logit) / 2;
        features[3] = (Logit(q) - logit) / 2;
        features[4] = (Logit(u) - logit) / 2;
        features[5] = (Math.Log((history.Gap * r) + 0.05) / 2) + 0.5;
    }

    /// <summary>The hours of the last <paramref name="age"/> that lie on the weekday of an hour that begins at <paramref name="hourOfDay"/>.</summary>
    internal static int HoursOfWeekday(int age, int hourOfDay)
    {
        var today = Math.Min(age, hourOfDay);
        var before = age - today;
        return today + (24 * (before / 168)) + Math.Max(0, (before % 168) - 144);
    }

    private static double Exposure(double fade, double observations) => (1 - Math.Pow(fade, observations)) / (1 - fade);

    private static double Logit(double share)
    {
        var inside = Math.Clamp(share, Least, Most);
        return Math.Log(inside / (1 - inside));
    }
}
