#include "cli/command.h"

#include <CLI/CLI.hpp>

namespace mlgraph::cli {

Option Option::required() {
  option_->required();
  return *this;
}

Option Option::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Option Option::capture_default() {
  option_->capture_default_str();
  return *this;
}

Option Option::one_of(std::vector<std::string> words) {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

Option Option::in_range(std::uint32_t low, std::uint32_t high) {
  option_->check(CLI::Range(low, high));
  return *this;
}

Option Option::in_range(double low, double high) {
  option_->check(CLI::Range(low, high));
  return *this;
}

Option Option::number() {
  option_->check(CLI::Number);
  return *this;
}

Option Option::number_or(const std::string& word) {
  const auto fault = [word](const std::string& text) {
    double number = 0;
    return text == word || CLI::detail::lexical_cast(text, number)
               ? std::string()
               : "'" + text + "' is neither a number nor '" + word + "'";
  };
  option_->check(CLI::Validator(fault, "NUMBER|" + word));
  return *this;
}

Option Option::environment(const std::string& variable) {
  option_->envname(variable);
  return *this;
}

Option Option::delimiter(char between) {
  option_->delimiter(between);
  return *this;
}

Option Option::one_value_each() {
  option_->allow_extra_args(false);
  return *this;
}

Option Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option Command::add_option(const std::string& names, std::string& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::uint32_t& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::uint64_t& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, double& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::optional<std::string>& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::optional<std::uint32_t>& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::optional<std::uint64_t>& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::optional<double>& value, const std::string& help
) {
  return Option(app_->add_option(names, value, help));
}

Option Command::add_option(
    const std::string& names, std::vector<std::string>& values, const std::string& help
) {
  return Option(app_->add_option(names, values, help));
}

Option Command::add_flag(const std::string& names, bool& given, const std::string& help) {
  return Option(app_->add_flag(names, given, help));
}

Command Command::below(const std::string& name) const {
  return Command(app_->get_subcommand(name));
}

void Command::allow_unknown() { app_->allow_extras(); }

void Command::hide() { app_->group(""); }

}  // namespace mlgraph::cli
