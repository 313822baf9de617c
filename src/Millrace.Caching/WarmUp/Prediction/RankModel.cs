namespace Millrace.Caching.WarmUp.Prediction;

// The learned part of the prediction: logistic regression on the features of KeyFeatures, p = 1 / (1 + exp(-w.x)), trained online.
//
// Each tracked key is one example per hour: its features as they stood before the hour, and whether it was read in it. Every example is one
// gradient step of the log loss, with a step of its own per weight (AdaGrad: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online
// Learning and Stochastic Optimization", JMLR 12, 2011), as is usual where models of this kind rank by click probability (McMahan et al., "Ad
// Click Prediction: a View from the Trenches", KDD 2013).
//
// Two things keep it sound where data is scarce or changes:
//   - it starts from, and is drawn back to, weights that make p the smoothed frequency of the key, believe the hour of day by a quarter, and ignore
//     all else. What hour, trend and the rest say counts as far as the cache's own log has shown it to be true;
//   - the sums behind AdaGrad's steps fade, so that the model can still turn after months.
//
// Rejected: gradient-boosted trees and sequence models (nothing here justifies their size, and they are not learned online in a few
// milliseconds an hour); a pairwise ranking loss (ranks as well on the logs at hand, but its scores are no probabilities, and a stated minimum
// probability is what keeps the budget from being spent on noise).
internal sealed class RankModel
{
    private const double Rate = 0.05;
    private const double Pull = 0.001; // towards the prior, per example
    private const double Fade = 0.9995; // of the squared gradients, per hour: half in eight weeks
    private const double LargestScore = 30;
    private const double LargestWeight = 50;

    private readonly double[] _weights = [.. Prior];
    private readonly double[] _squares = [.. Enumerable.Repeat(1.0, KeyFeatures.Count)];

    /// <summary>With the first two the probability is the smoothed frequency, and 2 would believe a season in full: see the scaling in <see cref="KeyFeatures"/>.</summary>
    private static ReadOnlySpan<double> Prior => [-3, 2, 0, 0.5, 0, 0];

    public ReadOnlySpan<double> Weights => _weights;

    public ReadOnlySpan<double> Squares => _squares;

    public double Probability(ReadOnlySpan<double> features)
    {
        var score = 0.0;
        for (var i = 0; i < _weights.Length; i++)
        {
            score += _weights[i] * features[i];
        }

        return 1 / (1 + Math.Exp(-Math.Clamp(score, -LargestScore, LargestScore)));
    }

    /// <summary>One example.</summary>
    public void Learn(ReadOnlySpan<double> features, bool wasRead)
    {
        var error = Probability(features) - (wasRead ? 1 : 0);
        for (var i = 0; i < _weights.Length; i++)
        {
            var gradient = error * features[i];
            _squares[i] += gradient * gradient;
            var step = Rate * (gradient + (Pull * (_weights[i] - Prior[i]))) / Math.Sqrt(_squares[i]);
            _weights[i] = Math.Clamp(_weights[i] - step, -LargestWeight, LargestWeight);
        }
    }

    /// <summary>An hour is over.</summary>
    public void Age()
    {
        foreach (ref var square in _squares.AsSpan())
        {
            square = Math.Max(1, square * Fade);
        }
    }

    /// <summary>Takes over what was learned before; false, and nothing taken, where a number cannot be right.</summary>
    public bool TryRestore(ReadOnlySpan<double> weights, ReadOnlySpan<double> squares)
    {
        foreach (var weight in weights)
        {
            if (!(Math.Abs(weight) <= LargestWeight))
            {
                return false;
            }
        }

        foreach (var square in squares)
        {
            if (!(square is >= 1 and <= 1e15))
            {
                return false;
            }
        }

        weights.CopyTo(_weights);
        squares.CopyTo(_squares);
        return true;
    }
}
