using Microsoft.Extensions.Options;

namespace Millrace.AspNetCore.SignalR;

internal sealed class ChannelHubOptionsValidator : IValidateOptions<ChannelHubOptions>
{
    public ValidateOptionsResult Validate(string? name, ChannelHubOptions options)
    {
        if (options.MaximumMessageBytes is < 1024 or > 1024 * 1024)
        {
            return ValidateOptionsResult.Fail($"ChannelHubOptions.MaximumMessageBytes is {options.MaximumMessageBytes}; set 1024 to 1048576.");
        }

        return options.SendTimeout < TimeSpan.FromSeconds(1) || options.SendTimeout > TimeSpan.FromMinutes(10)
            ? ValidateOptionsResult.Fail($"ChannelHubOptions.SendTimeout is {options.SendTimeout}; set 1 second to 10 minutes.")
            : ValidateOptionsResult.Success;
    }
}
