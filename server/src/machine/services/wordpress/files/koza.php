<?php
/**
 * Plugin Name: Koza
 * Description: Keeps the admin pages quick where wordpress.org cannot be reached. See KOZA_OUTBOUND in /etc/koza/wordpress/host.php.
 */

/** The site asks itself things under its public address, which many networks do not lead back to the machine. So it stays inside. */
add_action('http_api_curl', function ($handle, $arguments, $url) {
    if (!koza_is_outbound($url)) {
        $host = wp_parse_url($url, PHP_URL_HOST);
        $port = wp_parse_url($url, PHP_URL_PORT) ?: (wp_parse_url($url, PHP_URL_SCHEME) === 'https' ? 443 : 80);
        curl_setopt($handle, CURLOPT_CONNECT_TO, ["$host:$port:127.0.0.1:$port"]);
    }
}, 10, 3);

/** A request to this machine itself is not outbound. */
function koza_is_outbound($url) {
    $host = wp_parse_url($url, PHP_URL_HOST);
    return $host && $host !== wp_parse_url(home_url(), PHP_URL_HOST) && !in_array($host, ['localhost', '127.0.0.1'], true);
}

if (!defined('KOZA_OUTBOUND') || KOZA_OUTBOUND === 'allow') {
    return;
}

const KOZA_OUTBOUND_SECONDS = 3;
const KOZA_OUTBOUND_PAUSE = 3600;
/** Its age says when the outside was last found unreachable. */
const KOZA_OUTBOUND_FAILED = '/var/lib/koza-wordpress/outbound-failed';

add_filter('pre_http_request', function ($answer, $arguments, $url) {
    if ($answer !== false || !koza_is_outbound($url)) {
        return $answer;
    }
    $failed = @filemtime(KOZA_OUTBOUND_FAILED);
    if (KOZA_OUTBOUND === 'block' || ($failed && time() - $failed < KOZA_OUTBOUND_PAUSE)) {
        return new WP_Error('http_request_not_executed', 'Koza: the outside could not be reached; asked again within the hour.');
    }
    return $answer;
}, 10, 3);

add_filter('http_request_timeout', function ($seconds, $url = '') {
    return $url && koza_is_outbound($url) ? min($seconds, KOZA_OUTBOUND_SECONDS) : $seconds;
}, 10, 2);

add_filter('http_request_args', function ($arguments, $url) {
    // Longer waits are only for a download that somebody asked for.
    if (koza_is_outbound($url) && empty($arguments['stream'])) {
        $arguments['timeout'] = min($arguments['timeout'], KOZA_OUTBOUND_SECONDS);
    }
    return $arguments;
}, 10, 2);

add_action('http_api_debug', function ($answer, $context, $class, $arguments, $url) {
    if (!koza_is_outbound($url)) {
        return;
    }
    if (is_wp_error($answer)) {
        @touch(KOZA_OUTBOUND_FAILED);
    } else {
        @unlink(KOZA_OUTBOUND_FAILED);
    }
}, 10, 5);
